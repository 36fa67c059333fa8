"""An upload is erased on a live service: nothing personal is left, and the history can still be replayed."""

import json
from threading import Event

import httpx
import pytest

from tests.acceptance.clients import Job, Watch
from tests.acceptance.conftest import Connected
from tests.fakes.gemini_replies import picture, when
from tests.photos.variants import photo
from tests.waiting import until

REASON = "The owner asked to be forgotten."


def erase(connected: Connected, job: Job) -> str:
    """Run the command, which must end well; what it prints."""
    done = connected.service.run(
        "erase", job.id, "--by", "erika", "--reason", REASON, "--yes", "--data", connected.service.data
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def names(connected: Connected, job: Job) -> list[str]:
    """The upload's events."""
    done = connected.service.run("timeline", job.id, "--json", "--data", connected.service.data)
    return [event["name"] for event in json.loads(done.stdout)]


def test_an_upload_that_was_complete_is_gone_and_its_history_replays(connected: Connected) -> None:
    job, neighbour = connected.api.submit(photo("coffee")), connected.api.submit(photo("cat"))
    with Watch(connected.api, job, neighbour) as watch:
        watch.until_complete()
    preview = connected.api.preview_url(job)

    assert "5 objects are gone" in erase(connected, job)
    assert "0 objects are gone" in erase(connected, job)

    assert connected.api.poll(job).status_code == httpx.codes.NOT_FOUND
    assert httpx.get(preview, trust_env=False).status_code == httpx.codes.NOT_FOUND
    assert not list((connected.service.data / "objects").glob(f"{job.id}/*"))
    assert names(connected, job)[-1] == "upload.erased"
    rebuilt = connected.service.run("project", "--rebuild", "--data", connected.service.data)
    assert rebuilt.returncode == 0, rebuilt.stderr
    assert connected.api.poll(job).status_code == httpx.codes.NOT_FOUND
    assert connected.api.status(neighbour)["status"] == "completed"
    connected.service.assert_verified()


def test_a_run_under_way_is_cancelled_and_takes_away_what_it_stored_too_late(connected: Connected) -> None:
    answers = Event()
    connected.gemini.answer_with(when(answers, picture()))
    already = len(connected.gemini.calls)
    job = connected.api.submit(photo("rocket"))
    connected.gemini.wait_for_calls(already + 1, timeout=30)

    erase(connected, job)

    assert names(connected, job)[-2:] == ["upload.failed", "upload.erased"]
    answers.set()
    until(lambda: connected.service.has_said("attempt.over", upload_id=job.id), "the run goes on")
    until(lambda: not list((connected.service.data / "objects").glob(f"{job.id}/*")), "something is left")
    until(lambda: connected.api.poll(job).status_code == httpx.codes.NOT_FOUND, "it can still be found")
    connected.service.assert_verified()


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (
            ("00000000-0000-4000-8000-000000000000", "--by", "erika", "--reason", REASON, "--yes"),
            1,
            "There is no upload",
        ),
        (("00000000", "--by", "erika", "--reason", REASON, "--yes"), 2, "is the beginning of an id"),
        (("00000000-0000-4000-8000-000000000000", "--reason", REASON, "--yes"), 2, "Missing option '--by'"),
        (("00000000-0000-4000-8000-000000000000", "--by", "erika", "--yes"), 2, "Missing option '--reason'"),
        (
            ("00000000-0000-4000-8000-000000000000", "--by", "erika", "--reason", "a@b.example", "--yes"),
            2,
            "This reason seems to contain an e-mail",
        ),
        (("00000000-0000-4000-8000-000000000000", "--by", "Erika Muster", "--reason", REASON), 2, "is no name"),
        (("00000000-0000-4000-8000-000000000000", "--by", "erika", "--reason", REASON), 1, "Aborted"),
    ],
)
def test_wrong_usage_erases_nothing_and_says_what_is_wrong(
    connected: Connected, arguments: tuple[str, ...], code: int, says: str
) -> None:
    done = connected.service.run("erase", *arguments, "--data", connected.service.data)
    assert (done.returncode, says in done.stdout + done.stderr) == (code, True), done.stdout + done.stderr
