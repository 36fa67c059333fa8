"""A known history of six uploads with times of our own, whose every answer can be worked out by hand."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
import psycopg

from domain.events import Event, ResultStored, Submitted
from domain.failures import FailureCode
from domain.fold import fold
from domain.stages import Stage
from domain.upload import Upload
from tests.unit.histories import History, submitted
from tests.whole_json import whole

MODEL: Final = "gemini-2.5-flash-image"
MONDAY: Final = datetime(2026, 11, 2, 10, 0, tzinfo=UTC)
TUESDAY: Final = MONDAY + timedelta(days=1)
GOOD, REPEATED, BLOCKED, CANCELLED, LOST, ERASED = (UUID(int=number, version=4) for number in range(1, 7))

Timed = tuple[Event, datetime]
INSERT: Final = "INSERT INTO event_log (upload_id, version, name, state, recorded_at) VALUES (%s, %s, %s, %s, %s)"
INSERT_CALL: Final = "INSERT INTO generation_calls (upload_id, attempt, model, called_at) VALUES (%s, %s, %s, %s)"


def fill(database_url: str) -> None:
    """Make the log and the calls hold the six uploads, in the order of their times."""
    timed = sorted((pair for stream in streams() for pair in stream), key=lambda pair: pair[1])
    with psycopg.connect(database_url) as connection:
        for event, at in timed:
            insert(connection, event, at)
        for upload_id, attempt, at in calls():
            connection.execute(INSERT_CALL, (upload_id, attempt, MODEL, at))


def insert(connection: psycopg.Connection[Any], event: Event, at: datetime) -> None:
    """Append an event that was recorded then."""
    row = whole(event)
    values = (row.originator_id, row.originator_version, row.topic, row.state.decode(), at)
    connection.execute(INSERT, values)


def streams() -> list[list[Timed]]:
    """The six uploads: each event with its time."""
    good = submitted().reached(Stage.GENERATING).advanced(Stage.GENERATING, 70).result()
    good.advanced(Stage.STORING).advanced(Stage.WATERMARKING).preview().advanced(Stage.COMPLETE)
    repeated = submitted().reached(Stage.GENERATING).attempt_failed().started().advanced(Stage.GENERATING, 70).result()
    repeated.advanced(Stage.STORING).advanced(Stage.WATERMARKING).preview().advanced(Stage.COMPLETE)
    blocked = submitted().reached(Stage.GENERATING).failed(FailureCode.CONTENT_BLOCKED)
    cancelled = submitted()
    cancelled.then(cancelled.upload.cancel(by="session:abc"))
    lost = submitted().reached(Stage.GENERATING).started()
    erased = submitted().reached(Stage.VALIDATING).failed(FailureCode.IMAGE_TRUNCATED)
    erased.then(erased.upload.erase(by="staff:erika"))
    return [
        timed(good, GOOD, 1, MONDAY, (0, 2, 2, 3, 13, 14, 14, 15, 17, 17)),
        timed(repeated, REPEATED, 1, MONDAY, (60, 61, 61, 62, 67, 97, 117, 118, 118, 119, 122, 122)),
        timed(blocked, BLOCKED, 2, TUESDAY, (0, 4, 4, 5, 8)),
        timed(cancelled, CANCELLED, 2, TUESDAY, (60, 90)),
        timed(lost, LOST, 2, TUESDAY, (120, 126, 126, 127, 147)),
        timed(erased, ERASED, 2, TUESDAY, (180, 181, 181, 183, 3600)),
    ]


def calls() -> list[tuple[UUID, int, datetime]]:
    """The paid calls: upload, attempt, time."""
    return [
        (GOOD, 1, MONDAY + timedelta(seconds=3)),
        (REPEATED, 1, MONDAY + timedelta(seconds=62)),
        (REPEATED, 2, MONDAY + timedelta(seconds=97)),
        (BLOCKED, 1, TUESDAY + timedelta(seconds=5)),
        (LOST, 1, TUESDAY + timedelta(seconds=127)),
    ]


def timed(history: History, upload_id: UUID, prompt: int, start: datetime, seconds: Sequence[int]) -> list[Timed]:
    """The events as those of this upload, at these seconds after the start."""
    events = [_of(event, upload_id, prompt, number) for number, event in enumerate(history.events)]
    return list(zip(events, (start + timedelta(seconds=each) for each in seconds), strict=True))


def _of(event: Event, upload_id: UUID, prompt: int, number: int) -> Event:
    changes: dict[str, Any] = {"originator_id": upload_id, "event_id": UUID(int=upload_id.int + (number << 64))}
    if isinstance(event, Submitted):
        changes["prompt_version"] = prompt
    if isinstance(event, ResultStored):
        changes |= {"model": MODEL, "result_id": UUID(int=upload_id.int + (1 << 32))}
    return msgspec.structs.replace(event, **changes)


def folded() -> dict[UUID, Upload]:
    """The state of each upload."""
    uploads = (fold(None, [event for event, _ in stream]) for stream in streams())
    return {upload.id: upload for upload in uploads if upload}
