"""Whatever happened, and whatever the clock did: the spans of an upload are its whole time, each part known."""

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import RefusedError
from domain.events import Event, Noted, StageAdvanced
from domain.failures import NOT_COUNTED, FailureCode
from domain.staff import StaffRequest
from domain.stages import PIPELINE, Stage, rank
from domain.upload import Upload
from projections.queries.timeline import ENDED, MICROSECOND, seconds_of, spans
from tests.unit.histories import FULL, LATER, PREVIEW, PROGRESS, RESULT_ID, History, submitted
from tests.unit.test_timeline import BEGIN, logged

KINDS = {"waiting", "held", "stage", "lost", "backoff", "put-off", "ended"}
MICROSECONDS = st.integers(-(10**9), 10**10)
"""What the clock says later than at the event before; in between it may step back."""


def advance(upload: Upload) -> StageAdvanced | None:
    stage = PIPELINE[min(rank(upload.reached), len(PIPELINE) - 1)]
    return upload.advance(stage, PROGRESS[stage], attempt=upload.attempt, by="worker:w")


def fail_attempt(upload: Upload) -> Event:
    code = FailureCode.STORAGE_UNAVAILABLE
    return upload.fail_attempt(
        code, BEGIN + timedelta(seconds=40), stage=upload.reached, attempt=upload.attempt, by="worker:w"
    )


COMMANDS: dict[str, Callable[[Upload], Event | None]] = {
    "start, also over a lost worker": lambda upload: upload.start_attempt(by="worker:w"),
    "advance": advance,
    "advance again": advance,
    "store": lambda upload: upload.store_result(RESULT_ID, "m", FULL, attempt=upload.attempt, by="worker:w"),
    "preview": lambda upload: upload.store_preview(PREVIEW, attempt=upload.attempt, by="worker:w"),
    "fail the attempt": fail_attempt,
    "stop": lambda upload: upload.fail_attempt(
        FailureCode.WORKER_STOPPED, BEGIN, stage=upload.reached, attempt=upload.attempt, by="worker:w"
    ),
    "put off": lambda upload: upload.put_off(min(NOT_COUNTED), LATER, by="worker:w"),
    "fail": lambda upload: upload.fail(
        FailureCode.NO_IMAGE_GENERATED, stage=upload.reached, attempt=upload.attempt, by="worker:w"
    ),
    "give up": lambda upload: upload.give_up(by="reconciler"),
    "cancel": lambda upload: upload.cancel(by="staff:erika"),
    "retry": lambda upload: upload.retry(by="staff:erika"),
    "note": lambda upload: upload.note(by="staff:erika", request=StaffRequest("It is known.")),
    "requeue": lambda upload: upload.requeue(by="staff:erika"),
}
ERASE = "erase"


@st.composite
def histories(draw: st.DrawFn) -> History:
    """An upload after any commands; those that it refuses do not count."""
    history = submitted()
    for name in draw(st.lists(st.sampled_from(sorted(COMMANDS)), max_size=40)):
        try:
            history.then(COMMANDS[name](history.upload))
        except RefusedError:
            continue
    if history.upload.ended and draw(st.booleans()):
        history.then(history.upload.erase(by="staff:erika"))
    return history


@settings(max_examples=400, deadline=None, database=None)
@given(data=st.data())
def test_the_spans_are_the_whole_time_of_the_upload(data: st.DataObject) -> None:
    history = data.draw(histories())
    steps = data.draw(st.lists(MICROSECONDS, min_size=len(history.events) - 1, max_size=len(history.events) - 1))
    moments = [0.0]
    for step in steps:
        moments.append(moments[-1] + step / 1_000_000)
    rows = logged(history.events, moments)
    now = rows[-1].recorded_at + timedelta(microseconds=data.draw(MICROSECONDS))
    lease = data.draw(st.none() | MICROSECONDS)
    held_until = None if lease is None else now + timedelta(microseconds=lease)

    found = spans(rows, now, held_until)

    first = rows[0].recorded_at
    last = [row for row in rows if row.name != Noted.NAME][-1]
    end = last.recorded_at if history.upload.ended else now
    assert found[0].begin == first
    assert found[-1].end == max(first, end)
    assert all(before.end == after.begin for before, after in pairwise(found))
    assert all(span.begin <= span.end for span in found)
    parts = [round(span.seconds * 1_000_000) for span in found]
    assert sum(parts) == (max(first, end) - first) // MICROSECOND
    assert sum(parts) == round(seconds_of(max(first, end) - first) * 1_000_000)
    assert {span.kind for span in found} <= KINDS
    assert all(span.attempt >= 1 or span.kind == ENDED for span in found)
    assert all((span.stage is not None) >= (span.kind == "stage") for span in found)
    assert all(span.worker for span in found if span.kind in {"held", "stage", "lost"})
    assert all(span.stage is not Stage.COMPLETE for span in found)
