"""PostHog gets every end of an upload once, whatever fails, and delays no other part."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from domain.failures import FailureCode
from domain.stages import Stage
from domain.upload import Upload
from projections.log.follower import Follower
from projections.outside.analytics import READER, Capture, PollSampler, analytics
from projections.outside.posthog import AnalyticsUnavailableError, NoPostHog, PostHog, open_posthog
from tests.fakes.posthog import FakePostHog, Mood
from tests.lives import Lives
from tests.waiting import BUSY_SECONDS

ALLOWED = {
    "status_poll": {"upload_id", "stage", "progress"},
    "status_complete": {"upload_id", "result_id", "total_duration_ms"},
    "status_failed": {"upload_id", "final_stage", "final_progress", "error_code"},
}
READ_FOREVER = """
import sys
from projections.outside.analytics import analytics
from projections.log.pools import open_pool
from projections.log.event_log import EventLog
from projections.outside.posthog import PostHog

pool = open_pool(sys.argv[1], 3, "reader")
reader = analytics(EventLog(pool), pool, PostHog("phc_test", sys.argv[2]))
print("reading", flush=True)
while True:
    reader.step()
"""


class Deaf:
    """Notifications that never arrive."""

    def __init__(self, stopping: Event) -> None:
        self._stopping = stopping

    def wait(self, seconds: float) -> None:
        """Only the time passes, a tenth of it."""
        self._stopping.wait(seconds / 10)


@pytest.fixture
def lives(database_url: str, tmp_path: Path) -> Iterator[Lives]:
    with Lives(database_url, tmp_path) as lives:
        yield lives


@pytest.fixture
def fake() -> Iterator[FakePostHog]:
    with FakePostHog() as fake:
        yield fake


@pytest.fixture
def posthog(fake: FakePostHog) -> PostHog:
    return PostHog("phc_test", fake.url)


def reader(lives: Lives, posthog: PostHog) -> Follower:
    return analytics(lives.log, lives.pool, posthog)


def own(event: dict[str, Any]) -> dict[str, Any]:
    """The properties that are not the client's own; those begin with a dollar."""
    return {name: value for name, value in event["properties"].items() if not name.startswith("$")}


def test_a_completed_upload_is_told_once_with_its_result_and_its_duration_by_the_log(
    lives: Lives, fake: FakePostHog, posthog: PostHog
) -> None:
    upload_id = lives.complete()
    reader(lives, posthog).catch_up()
    history = lives.log.history(upload_id)
    took = history[-1].recorded_at - history[0].recorded_at
    (event,) = fake.named("status_complete")
    result = lives.uploads.get(upload_id).result
    assert result is not None
    assert own(event) == {
        "upload_id": str(upload_id),
        "result_id": str(result.result_id),
        "total_duration_ms": round(took.total_seconds() * 1000),
    }
    assert event["timestamp"].startswith(history[-1].recorded_at.isoformat()[:23])
    assert fake.named("status_failed") == []


def test_every_failure_of_an_upload_is_told_with_the_stage_and_progress_it_had(
    lives: Lives, fake: FakePostHog, posthog: PostHog
) -> None:
    upload_id = lives.failed(Stage.GENERATING)
    lives.uploads.execute(upload_id, Upload.retry, by="session:0")
    lives.run(upload_id, Stage.STORING)
    lives.uploads.execute(upload_id, Upload.cancel, by="session:0")
    reader(lives, posthog).catch_up()
    assert [own(event) for event in fake.named("status_failed")] == [
        {
            "upload_id": str(upload_id),
            "final_stage": "generating",
            "final_progress": 30,
            "error_code": FailureCode.NO_IMAGE_GENERATED,
        },
        {
            "upload_id": str(upload_id),
            "final_stage": "storing",
            "final_progress": 80,
            "error_code": FailureCode.CANCELLED,
        },
    ]


def test_a_failure_before_the_first_stage_has_no_stage_and_no_progress(
    lives: Lives, fake: FakePostHog, posthog: PostHog
) -> None:
    upload_id = lives.submitted()
    lives.uploads.execute(upload_id, Upload.cancel, by="session:0")
    reader(lives, posthog).catch_up()
    (event,) = fake.named("status_failed")
    assert (event["properties"]["final_stage"], event["properties"]["final_progress"]) == (None, 0)


def test_a_page_that_was_sent_but_not_noted_is_sent_again_under_the_same_ids(
    lives: Lives, fake: FakePostHog, posthog: PostHog
) -> None:
    lives.complete()
    lives.failed(Stage.VALIDATING)

    class DiesAfterwards(PostHog):
        def deliver(self, captures: Sequence[Capture]) -> None:
            super().deliver(captures)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reader(lives, DiesAfterwards("phc_test", fake.url)).step()
    assert reader(lives, posthog).position() == 0
    reader(lives, posthog).catch_up()
    assert len(fake.events) == 4
    assert len({event["uuid"] for event in fake.events}) == 2
    assert reader(lives, posthog).position() == lives.log.last_position()


def test_a_reader_that_is_killed_again_and_again_counts_nothing_twice_and_misses_nothing(
    lives: Lives, database_url: str, fake: FakePostHog, posthog: PostHog
) -> None:
    expected = [str(lives.complete()) for _ in range(3)]
    for kills in range(3):
        fake.mood = Mood.FORGETFUL  # it has the events, and the reader does not know
        process = subprocess.Popen(
            [sys.executable, "-c", READ_FOREVER, database_url, fake.url],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        )
        fake.wait_for(len(fake.events) + 1)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=30)
        expected.append(str(lives.complete()))
        assert reader(lives, posthog).position() == 0, f"moved although unanswered, before kill {kills}"
    fake.mood = Mood.WELL
    reader(lives, posthog).catch_up()
    assert sorted(event["properties"]["upload_id"] for event in fake.named("status_complete")) == sorted(expected)


@pytest.mark.parametrize("mood", [Mood.AWAY, Mood.HANGING, Mood.FORGETFUL])
def test_while_posthog_does_not_accept_the_position_stays_and_the_wait_is_bounded(
    lives: Lives, fake: FakePostHog, posthog: PostHog, mood: Mood
) -> None:
    lives.complete()
    fake.mood = mood
    began = time.monotonic()
    with pytest.raises(AnalyticsUnavailableError):
        reader(lives, posthog).step()
    assert time.monotonic() - began < 6 + BUSY_SECONDS
    assert reader(lives, posthog).position() == 0
    assert fake.requests == 1


def test_while_posthog_is_unreachable_the_projector_goes_on_and_afterwards_the_reader_catches_up(
    lives: Lives, fake: FakePostHog, posthog: PostHog
) -> None:
    fake.close()
    stopping = Event()
    thread = Thread(target=reader(lives, posthog).run, args=(stopping, Deaf(stopping)))
    thread.start()
    try:
        upload_ids = [lives.complete() for _ in range(5)]
        began = time.monotonic()
        lives.project()
        assert time.monotonic() - began < 2 + BUSY_SECONDS
        assert fake.events == []
        fake.reopen()
        fake.wait_for(5)
    finally:
        stopping.set()
        thread.join(60)
    told = [event["properties"]["upload_id"] for event in fake.named("status_complete")]
    assert told == [str(upload_id) for upload_id in upload_ids]


@pytest.mark.parametrize(
    "facts", [{"stage": "nowhere", "code": "NO_SUCH_CODE", "message": ""}, {"schema_version": None}]
)
def test_an_event_that_cannot_be_read_does_not_keep_the_others_from_being_told(
    lives: Lives, fake: FakePostHog, posthog: PostHog, facts: dict[str, Any]
) -> None:
    broken = lives.submitted()
    lives.insert(broken, 2, "upload.failed", **facts)
    upload_id = lives.complete()
    reader(lives, posthog).catch_up()
    assert [event["properties"]["upload_id"] for event in fake.events] == [str(upload_id)]
    assert reader(lives, posthog).position() == lives.log.last_position()


@pytest.fixture
def _patient_close(monkeypatch: pytest.MonkeyPatch) -> None:
    """The end of the process waits for what is on its way, however busy the machine is."""
    monkeypatch.setattr("projections.outside.posthog.FLUSH_SECONDS", 60)


@pytest.mark.usefixtures("_patient_close")
def test_an_upload_is_no_person_and_nothing_but_the_agreed_properties_is_told(
    lives: Lives, fake: FakePostHog, posthog: PostHog
) -> None:
    upload_id = lives.complete()
    lives.failed(Stage.GENERATING)
    reader(lives, posthog).catch_up()
    PollSampler(posthog, lambda _: 0).status_poll(upload_id, Stage.GENERATING, 45)
    posthog.close()
    fake.wait_for(3)
    assert {event["event"] for event in fake.events} == set(ALLOWED)
    for event in fake.events:
        assert set(own(event)) == ALLOWED[event["event"]]
        assert event["distinct_id"] == event["properties"]["upload_id"]
        assert event["properties"]["$process_person_profile"] is False
        assert event["properties"]["$geoip_disable"] is True
        assert not set(event) & {"$set", "$set_once"}


@pytest.mark.usefixtures("_patient_close")
def test_one_poll_in_ten_reaches_posthog(fake: FakePostHog, posthog: PostHog, lives: Lives) -> None:
    upload_id = lives.submitted()
    sampler = PollSampler(posthog)
    for _ in range(100):
        sampler.status_poll(upload_id, None, 0)
    posthog.close()
    fake.wait_for(10)
    assert len(fake.named("status_poll")) == 10
    assert own(fake.events[0]) == {"upload_id": str(upload_id), "stage": None, "progress": 0}


def test_polls_and_the_end_of_the_process_do_not_wait_for_a_posthog_that_hangs(
    fake: FakePostHog, posthog: PostHog, lives: Lives
) -> None:
    fake.mood = Mood.HANGING
    upload_id = lives.submitted()
    sampler = PollSampler(posthog)
    began = time.monotonic()
    for _ in range(1000):
        sampler.status_poll(upload_id, Stage.GENERATING, 45)
    assert time.monotonic() - began < 1 + BUSY_SECONDS
    posthog.close()
    assert time.monotonic() - began < 4 + BUSY_SECONDS


def test_without_a_key_there_is_no_client(lives: Lives) -> None:
    sink = open_posthog(None, None)
    assert isinstance(sink, NoPostHog)
    PollSampler(sink, lambda _: 0).status_poll(lives.complete(), Stage.COMPLETE, 100)
    analytics(lives.log, lives.pool, sink).catch_up()
    sink.close()
    assert analytics(lives.log, lives.pool, sink).reader == READER
