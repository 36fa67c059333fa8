"""`darkroom history diff`: what changed between two moments, upload by upload and in sums."""

import msgspec
import pytest
from click.testing import CliRunner, Result

from app.cli import darkroom
from domain.failures import FailureCode
from domain.stages import Stage
from domain.upload import Upload
from domain.uploads import Uploads
from projections.log.event_log import EventLog
from projections.queries.changes import Sums, changes
from tests.submissions import WORKER, run_to, submit


def diff(database_url: str, *arguments: str) -> Result:
    """The command."""
    return CliRunner().invoke(darkroom, ["history", "diff", *arguments], env={"DATABASE_URL": database_url})


def test_each_upload_is_shown_before_and_after(lives: Uploads, event_log: EventLog, database_url: str) -> None:
    waiting = submit(lives)
    begin = event_log.last_position()
    run_to(lives, waiting.id, Stage.COMPLETE)
    failed = run_to(lives, submit(lives).id, Stage.GENERATING)
    lives.execute(failed.id, Upload.fail, FailureCode.CONTENT_BLOCKED, stage=failed.reached, attempt=1, by=WORKER)
    lives.erase(waiting.id, by="staff:ada")
    end = event_log.last_position()
    submit(lives)  # after it
    done = diff(database_url, str(begin), str(end))

    assert done.exit_code == 0, done.output
    assert f"upload {waiting.id}: pending -> erased, 9 events\n" in done.stdout
    assert f"upload {failed.id}: absent -> failed 30% CONTENT_BLOCKED, 5 events\n" in done.stdout
    assert f"2 uploads changed from position {begin} to {end}." in done.stdout
    assert "  pending -> erased\n" in done.stdout
    assert "  CONTENT_BLOCKED\n" in done.stdout


def test_the_sums_add_up(lives: Uploads, event_log: EventLog) -> None:
    run_to(lives, submit(lives).id, Stage.STORING)
    sums = Sums()
    end = event_log.last_position()
    found = list(changes(event_log, 0, end, sums))

    assert sums.uploads == len(found) == sum(sums.moves.values())
    assert sum(sums.events.values()) == end == sum(change.after.version for change in found)
    assert sums.failures == {"CONTENT_BLOCKED": 1}


@pytest.mark.usefixtures("lives")
def test_one_moment_differs_in_nothing_from_itself(event_log: EventLog, database_url: str) -> None:
    last = str(event_log.last_position())
    (sums,) = diff(database_url, last, last, "--json").stdout.splitlines()

    assert msgspec.json.decode(sums) == {"uploads": 0, "moves": {}, "failures": {}, "events": {}}


@pytest.mark.usefixtures("lives")
def test_the_later_moment_comes_last(database_url: str) -> None:
    done = diff(database_url, "5", "4")

    assert done.exit_code == 2
    assert "A, position 5, is after B, position 4" in done.stderr
    done = diff(database_url, "2020-01-02", "2020-01-01")
    told = " ".join(done.stderr.replace("│", "").split())
    assert (done.exit_code, "A, 2020-01-02 00:00:00+00:00 at position 0, is after B, 2020-01-01" in told) == (2, True)
