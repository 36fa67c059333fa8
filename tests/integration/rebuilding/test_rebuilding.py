"""`darkroom project --rebuild`: a new read model is built beside the old one, compared with it, and swapped in."""

from uuid import UUID

import pytest

from domain.events import ResultStored
from domain.stages import Stage
from domain.uploads import Uploads
from projections.log.event_log import EventLog, Page
from projections.log.pools import Pool, open_pool
from projections.log.schema import migrate
from projections.rows import models
from projections.rows.models import ReadModelBackwardsError, ReadModelError, ReadModelRefusedError
from projections.rows.projector import projector
from projections.rows.rebuilding import rebuild
from tests.integration.rebuilding.rows import execute, rights, rows
from tests.integration.test_schema import structure
from tests.submissions import run_to, submit
from tests.unknown_events import forget

PAGE = "projections.rows.projector.PAGE"


class Counted(EventLog):
    """A log that notes from where it is read."""

    def page(self, after: int, limit: int) -> Page:
        """The next page."""
        self.read_after.append(after)
        return super().page(after, limit)

    read_after: list[int]


@pytest.mark.usefixtures("lives")
def test_the_rows_the_tables_and_who_may_use_them_are_as_before(
    database_url: str, event_log: EventLog, pool: Pool
) -> None:
    before = rows(pool), structure(database_url), rights(pool)
    rebuilt = rebuild(event_log, pool)

    assert (rows(pool), structure(database_url), rights(pool)) == before
    assert (rebuilt.position, rebuilt.differences) == (event_log.last_position(), 0)
    assert rows(pool, rebuilt.kept) == before[0]


@pytest.mark.usefixtures("lives")
def test_a_migration_afterwards_changes_nothing(database_url: str, event_log: EventLog, pool: Pool) -> None:
    before = structure(database_url), rights(pool)
    rebuild(event_log, pool)
    migrate(database_url)

    assert (structure(database_url), rights(pool)) == before


@pytest.mark.usefixtures("lives")
def test_wrong_rows_are_named_and_put_right(event_log: EventLog, pool: Pool) -> None:
    before = rows(pool)
    execute(pool, "UPDATE uploads SET error_message = 'nonsense' WHERE stage = 'failed'")
    execute(pool, "DELETE FROM results WHERE created_at = (SELECT max(created_at) FROM results)")
    execute(pool, "INSERT INTO uploads (upload_id) VALUES (gen_random_uuid())")
    rebuilt = rebuild(event_log, pool)

    assert rows(pool) == before
    assert rebuilt.differences == 3
    told = " ".join(map(str, rebuilt.shown))
    assert "uploads.error_message is nonsense" in told
    assert "its row in results is missing" in told
    assert "no event in the log" in told


def test_what_the_projector_has_not_seen_is_in_the_new_rows_and_is_reported(
    lives: Uploads, event_log: EventLog, pool: Pool
) -> None:
    new = run_to(lives, submit(lives).id, Stage.COMPLETE)
    seen: set[UUID] = set()
    rebuild(event_log, pool, seen.update)

    assert seen == {new.id}
    assert projector(event_log, pool).position() == event_log.last_position()
    assert str(new.id) in str(rows(pool))


def test_the_projector_goes_on_where_the_new_rows_are(lives: Uploads, event_log: EventLog, pool: Pool) -> None:
    follower = projector(event_log, pool)
    follower.catch_up()
    rebuild(event_log, pool)
    new = run_to(lives, submit(lives).id, Stage.COMPLETE)
    while follower.step():
        pass
    after = rows(pool)

    assert str(new.id) in str(after)
    assert rebuild(event_log, pool).differences == 0
    assert rows(pool) == after


@pytest.mark.usefixtures("lives")
def test_a_killed_one_changes_nothing_and_the_next_one_goes_on(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    before = rows(pool)
    begin_and_fail(pool, monkeypatch)
    assert rows(pool) == before
    log = Counted(pool)
    log.read_after = []
    rebuild(log, pool)

    assert log.read_after[0] == 20
    assert rows(pool) == before


@pytest.mark.usefixtures("lives")
def test_what_other_code_has_begun_is_begun_anew(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    before = rows(pool)
    begin_and_fail(pool, monkeypatch)
    monkeypatch.setattr(models, "code", lambda: "a newer version")
    log = Counted(pool)
    log.read_after = []
    rebuild(log, pool)

    assert log.read_after[0] == 0
    assert rows(pool) == before


def begin_and_fail(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rebuild the first twenty events."""

    def fail(position: int) -> None:
        if position == 20:
            raise KeyboardInterrupt

    monkeypatch.setattr(PAGE, 10)
    with pytest.raises(KeyboardInterrupt):
        rebuild(EventLog(pool), pool, advance=fail)


@pytest.mark.usefixtures("lives")
def test_rows_never_go_back_because_this_code_cannot_apply_an_event(
    event_log: EventLog, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = rows(pool)
    forget(monkeypatch, ResultStored)
    with pytest.raises(ReadModelBackwardsError, match=r"upload\.result-stored"):
        rebuild(event_log, pool)

    assert rows(pool) == before


@pytest.mark.usefixtures("lives")
def test_a_schema_that_is_not_of_darkroom_is_left_alone(event_log: EventLog, pool: Pool) -> None:
    execute(pool, "CREATE SCHEMA public_previous")
    execute(pool, "CREATE TABLE public_previous.precious (it text)")
    with pytest.raises(ReadModelError, match="public_previous already"):
        rebuild(event_log, pool)

    execute(pool, "SELECT FROM public_previous.precious")


@pytest.mark.usefixtures("lives")
def test_a_role_that_owns_no_table_is_told_which_one_to_use(database_url: str, pool: Pool) -> None:
    url = database_url.replace("user=darkroom", "user=darkroom_service")
    with open_pool(url, 4, "test") as theirs, pytest.raises(ReadModelRefusedError, match="darkroom migrate"):
        rebuild(EventLog(theirs), theirs)
    assert rows(pool)


@pytest.mark.usefixtures("lives")
def test_tables_of_an_older_version_are_left_alone(event_log: EventLog, pool: Pool) -> None:
    execute(pool, "ALTER TABLE uploads DROP COLUMN waiting_for")
    with pytest.raises(ReadModelError, match=r"uploads\.waiting_for.*darkroom migrate"):
        rebuild(event_log, pool)
