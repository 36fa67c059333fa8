"""Builds the body of a timeline from a history."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any
from urllib.parse import quote
from uuid import UUID

from eventsourcing.persistence import MapperDeserialisationError

from app.api.support.timeline.bodies import EventBody, FailureBody, LinksBody, SpanBody, TimelineBody, UsualBody
from app.api.support.timeline.standing import next_for
from app.api.support.timeline.words import WORDS
from app.settings.environment import Settings
from domain.errors import HistoryError
from domain.upload import Upload
from projections.log.event_log import LoggedEvent
from projections.queries.history import UploadHistory, attempts_of, state_after
from projections.queries.timeline import MICROSECOND, Span, seconds_of, spans
from projections.queries.usual import Usual, is_outlier, usual_of


def timeline_body(upload_id: UUID, history: UploadHistory, settings: Settings) -> TimelineBody:
    """The timeline. Events that cannot be read are in it, too."""
    parts = spans(history.events, history.now, history.held_until)
    upload, unreadable = _folded(history.events)
    return TimelineBody(
        job_id=upload_id,
        correlation_id=upload.correlation_id if upload else None,
        status=upload.status if upload else None,
        is_terminal=bool(upload and upload.ended),
        failure=_failure(upload),
        events=list(map(event_body, history.events, attempts_of(history.events))),
        spans=[_span_body(span, history.usual) for span in parts],
        seconds=seconds_of(parts[-1].end - parts[0].begin),
        parts=_sums(parts),
        now=history.now,
        worker=history.worker,
        clock_stepped_back=any(b.recorded_at < a.recorded_at for a, b in pairwise(history.events)),
        unreadable=unreadable,
        links=_links(upload_id, upload, settings),
        next=next_for(upload, history.worker) if upload else None,
    )


def event_body(logged: LoggedEvent, attempt: int | None) -> EventBody:
    """The event, as far as its stored facts have the form that they should have."""
    facts = logged.facts
    return EventBody(
        version=logged.version,
        name=logged.name,
        recorded_at=logged.recorded_at,
        actor=_text(facts, "actor"),
        attempt=attempt,
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
    words = WORDS[upload.error_code]
    return FailureBody(
        happened=words.happened,
        advice=words.advice,
        runbook=words.runbook,
        code=upload.error_code,
        stage=upload.failed_stage,
        message=upload.error_message or "",
        can_retry=upload.can_retry,
    )


def _links(upload_id: UUID, upload: Upload | None, settings: Settings) -> LinksBody:
    names = {
        "job_id": str(upload_id),
        "trace_id": upload_id.hex,  # as app/tracing names the trace of an upload
        "correlation_id": quote(upload.correlation_id, safe="") if upload else "",
    }
    log, trace = settings.log_url_template, settings.trace_url_template
    return LinksBody(log=log and log.format(**names), trace=trace and trace.format(**names))


def _span_body(span: Span, usual: Mapping[str, Usual]) -> SpanBody:
    found = usual_of(span, usual)
    return SpanBody(
        kind=span.kind,  # type: ignore[arg-type] # one of the kinds that timeline.py lists
        attempt=span.attempt,
        stage=span.stage,
        worker=span.worker,
        code=span.code,
        begin=span.begin,
        end=span.end,
        seconds=span.seconds,
        usual=UsualBody(uploads=found.uploads, p50=found.p50, p95=found.p95) if found else None,
        is_outlier=is_outlier(span, usual),
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
