"""Builds the body of a timeline from a history."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any
from uuid import UUID

from eventsourcing.persistence import MapperDeserialisationError

from app.api.support.timeline.bodies import EventBody, FailureBody, SpanBody, TimelineBody
from domain.errors import HistoryError
from domain.upload import Upload
from projections.log.event_log import LoggedEvent
from projections.queries.history import UploadHistory, state_after
from projections.queries.timeline import MICROSECOND, Span, seconds_of, spans


def timeline_body(upload_id: UUID, history: UploadHistory) -> TimelineBody:
    """The timeline. Events that cannot be read are in it, too."""
    parts = spans(history.events, history.now, history.held_until)
    upload, unreadable = _folded(history.events)
    return TimelineBody(
        job_id=upload_id,
        correlation_id=upload.correlation_id if upload else None,
        status=upload.status if upload else None,
        is_terminal=bool(upload and upload.ended),
        failure=_failure(upload),
        events=[event_body(logged) for logged in history.events],
        spans=[_span_body(span) for span in parts],
        seconds=seconds_of(parts[-1].end - parts[0].begin),
        parts=_sums(parts),
        now=history.now,
        worker=history.worker,
        clock_stepped_back=any(b.recorded_at < a.recorded_at for a, b in pairwise(history.events)),
        unreadable=unreadable,
    )


def event_body(logged: LoggedEvent) -> EventBody:
    """The event, as far as its stored facts have the form that they should have."""
    facts = logged.facts
    return EventBody(
        version=logged.version,
        name=logged.name,
        recorded_at=logged.recorded_at,
        actor=_text(facts, "actor"),
        attempt=_whole(facts, "attempt"),
        stage=_text(facts, "stage"),
        progress=_whole(facts, "progress"),
        code=_text(facts, "code"),
        reason=_text(facts, "reason"),
        note=_text(facts, "note"),
        request_id=_text(facts, "request_id"),
        retry_at=_text(facts, "retry_at"),
    )


def _folded(events: Sequence[LoggedEvent]) -> tuple[Upload | None, str | None]:
    try:
        return state_after(events).upload, None
    except (MapperDeserialisationError, HistoryError) as error:
        return None, str(error)


def _failure(upload: Upload | None) -> FailureBody | None:
    if upload is None or upload.error_code is None:
        return None
    return FailureBody(
        code=upload.error_code,
        stage=upload.failed_stage,
        message=upload.error_message or "",
        can_retry=upload.can_retry,
    )


def _span_body(span: Span) -> SpanBody:
    return SpanBody(
        kind=span.kind,  # type: ignore[arg-type] # one of the kinds that timeline.py lists
        attempt=span.attempt,
        stage=span.stage,
        worker=span.worker,
        code=span.code,
        begin=span.begin,
        end=span.end,
        seconds=span.seconds,
    )


def _sums(parts: Sequence[Span]) -> dict[str, float]:
    # In whole microseconds: floats would not add up.
    sums: Counter[str] = Counter()
    for span in parts:
        sums[span.kind] += (span.end - span.begin) // MICROSECOND
    return {kind: total / 1_000_000 for kind, total in sums.items()}


def _text(facts: dict[str, Any], name: str) -> str | None:
    value = facts.get(name)
    return value if isinstance(value, str) else None


def _whole(facts: dict[str, Any], name: str) -> int | None:
    value = facts.get(name)
    return value if type(value) is int else None
