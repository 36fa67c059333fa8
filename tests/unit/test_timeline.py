"""The spans of an upload: the parts of its time, of histories that tell every kind of trouble."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from domain.events import Event
from domain.failures import FailureCode
from domain.stages import Stage
from projections.log.event_log import LoggedEvent
from projections.queries.timeline import Span, spans
from tests.unit.histories import History, submitted
from tests.whole_json import whole

BEGIN = datetime(2026, 1, 2, 3, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return BEGIN + timedelta(seconds=seconds)


def logged(events: Sequence[Event], seconds: Sequence[float]) -> list[LoggedEvent]:
    states = (whole(event).state.decode() for event in events)
    return [
        LoggedEvent(position, event.originator_id, event.originator_version, event.NAME, state, at(moment))
        for position, (event, state, moment) in enumerate(zip(events, states, seconds, strict=True), start=1)
    ]


def cut(history: History, *seconds: float, now: float = 1000, held_until: float | None = None) -> list[Span]:
    expiry = None if held_until is None else at(held_until)
    return spans(logged(history.events, seconds), at(now), expiry)


def told(found: Sequence[Span]) -> list[tuple[object, ...]]:
    return [(span.kind, span.attempt, span.stage and span.stage.value, span.seconds) for span in found]


def test_a_life_that_went_well_is_cut_into_waiting_and_stages() -> None:
    # submitted, attempt-started, validating, generating, result-stored, storing, watermarking, preview-stored, complete
    found = cut(submitted().reached(Stage.COMPLETE), 0, 1, 1.5, 3, 6, 7, 8, 9, 10)

    assert told(found) == [
        ("waiting", 1, None, 1.0),
        ("held", 1, None, 0.5),
        ("stage", 1, "validating", 1.5),
        ("stage", 1, "generating", 4.0),
        ("stage", 1, "storing", 1.0),
        ("stage", 1, "watermarking", 2.0),
    ]
    assert (found[0].begin, found[-1].end) == (at(0), at(10))
    assert {span.worker for span in found[1:]} == {"w"}


def test_an_upload_that_just_waits_waits_until_now() -> None:
    assert told(cut(submitted(), 0, now=2.25)) == [("waiting", 1, None, 2.25)]


def test_a_run_whose_lease_lives_is_in_its_stage_until_now() -> None:
    history = submitted().reached(Stage.GENERATING)
    assert told(cut(history, 0, 1, 2, 3, now=10, held_until=12))[-1] == ("stage", 1, "generating", 7.0)


def test_a_run_whose_lease_has_expired_is_lost_since_then() -> None:
    history = submitted().reached(Stage.GENERATING)
    assert told(cut(history, 0, 1, 2, 3, now=10, held_until=8))[-2:] == [
        ("stage", 1, "generating", 5.0),
        ("lost", 1, "generating", 2.0),
    ]
    assert told(cut(history, 0, 1, 2, 3, now=10))[-1] == ("lost", 1, "generating", 7.0)


def test_a_worker_that_was_lost_is_lost_from_its_last_event_on() -> None:
    history = submitted().started().advanced(Stage.VALIDATING).started()
    found = cut(history, 0, 1, 2, 30, now=31, held_until=40)

    assert told(found) == [
        ("waiting", 1, None, 1.0),
        ("held", 1, None, 1.0),
        ("lost", 1, "validating", 28.0),
        ("stage", 2, "validating", 1.0),
    ]


def test_a_requeue_says_nothing_of_a_lost_worker() -> None:
    history = submitted().started()
    history.then(history.upload.requeue(by="staff:erika")).started()
    assert told(cut(history, 0, 1, 20, 21, now=22, held_until=30)) == [
        ("waiting", 1, None, 1.0),
        ("lost", 1, None, 20.0),
        ("held", 2, None, 1.0),
    ]


def test_an_upload_that_lost_three_workers_ends_lost() -> None:
    history = submitted().started().started().started()
    history.then(history.upload.give_up(by="reconciler"))
    assert told(cut(history, 0, 1, 2, 3, 9)) == [
        ("waiting", 1, None, 1.0),
        ("lost", 1, None, 1.0),
        ("lost", 2, None, 1.0),
        ("lost", 3, None, 6.0),
    ]


def test_after_the_pause_of_a_backoff_it_waits_for_a_worker() -> None:
    history = submitted().started()
    upload = history.upload
    code = FailureCode.GENERATION_UNAVAILABLE
    history.then(upload.fail_attempt(code, at(6), stage=None, attempt=1, by="worker:w")).started()
    found = cut(history, 0, 1, 2, 9, now=9, held_until=20)

    assert told(found)[2:4] == [("backoff", 1, None, 4.0), ("waiting", 2, None, 3.0)]
    assert found[2].code is code


def test_a_put_off_and_a_requeue_are_told_apart() -> None:
    history = submitted().put_off()  # until long after
    history.then(history.upload.requeue(by="staff:erika"))
    assert told(cut(history, 0, 1, 5, now=6)) == [
        ("waiting", 1, None, 1.0),
        ("put-off", 1, None, 4.0),
        ("waiting", 1, None, 1.0),
    ]


def test_between_a_failure_and_its_retry_it_was_ended() -> None:
    history = submitted().started().failed()
    history.then(history.upload.retry(by="session:abc"))
    assert told(cut(history, 0, 1, 2, 100, now=103)) == [
        ("waiting", 1, None, 1.0),
        ("held", 1, None, 1.0),
        ("ended", 1, None, 98.0),
        ("waiting", 2, None, 3.0),
    ]


def test_what_was_cancelled_before_its_first_attempt_waits_for_the_first_again() -> None:
    history = submitted()
    history.then(history.upload.cancel(by="session:abc"))
    history.then(history.upload.retry(by="session:abc"))
    assert told(cut(history, 0, 1, 2, now=3))[-1] == ("waiting", 1, None, 1.0)


def test_an_erasure_is_the_end_of_the_axis() -> None:
    history = submitted().started().failed()
    history.then(history.upload.erase(by="staff:erika"))
    found = cut(history, 0, 1, 2, 50)
    assert told(found)[-1] == ("ended", 1, None, 48.0)
    assert found[-1].end == at(50)


def test_a_clock_that_jumped_ahead_and_back_makes_no_hour_of_a_second() -> None:
    history = submitted().reached(Stage.GENERATING).failed()
    found = cut(history, 0, 1, 3600, 2, 3)
    assert sum(span.seconds for span in found) == 3.0
    assert all(span.seconds >= 0 for span in found)


def test_a_clock_that_stepped_back_behind_the_beginning_leaves_no_time_and_no_negative_one() -> None:
    history = submitted().started().failed()
    found = cut(history, 0, 1, -60)
    assert [span.seconds for span in found] == [0.0, 0.0]


def test_an_event_that_cannot_be_read_takes_its_place_and_changes_nothing() -> None:
    history = logged(submitted().started().failed().events, (0, 1, 2))
    unread = [history[0], LoggedEvent(2, history[1].upload_id, 2, "upload.teleported", "{}", at(1)), history[2]]
    assert told(spans(unread, at(9), None)) == [("waiting", 1, None, 2.0)]
    assert told(spans(history[2:], at(9), None)) == [("ended", 1, None, 0.0)]
