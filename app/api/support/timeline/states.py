"""Builds the body of a state: an upload as it was after an event, and what that event changed."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from app.api.status.answer import body_of
from app.api.support.timeline.bodies import ChangeBody, StateBody
from app.api.support.timeline.timelines import event_body
from domain.upload import Upload
from projections.log.event_log import LoggedEvent
from projections.queries.forecast import NOTHING
from projections.queries.history import attempts_of, state_after
from projections.queries.status import folded_row
from projections.rows.uploads import UploadRow

UNTOLD: Final = {"upload_id", "session_hash", "correlation_id", "original_sha256", "version", "updated_at"}
"""Fields whose change says nothing: each event changes them, or they are not shown."""


def state_body(events: Sequence[LoggedEvent], version: int) -> StateBody:
    """The state after the event of that version. Raises MapperDeserialisationError, HistoryError."""
    projected = state_after(events[:version])
    upload, row = projected.upload, projected.row()
    before = state_after(events[: version - 1]).row() if version > 1 else None
    return StateBody(
        job_id=upload.id,
        version=version,
        last_version=len(events),
        event=event_body(events[version - 1], attempts_of(events[:version])[-1]),
        status=row.status,
        stage=row.stage,
        reached=row.reached,
        progress=row.progress,
        attempt=row.attempt,
        attempts_left=row.attempts_left,
        lost=row.lost,
        running=row.running,
        retry_at=row.retry_at,
        waiting_for=row.waiting_for,
        failed_stage=row.failed_stage,
        error_code=row.error_code,
        error_message=row.error_message,
        result_id=row.result_id,
        prompt_version=row.prompt_version,
        original_size=row.original_size,
        created_at=row.created_at,
        updated_at=row.updated_at,
        erased=upload.erased,
        session=_session(upload),
        changes=_changes(before, row),
        told=None if upload.erased else body_of(folded_row(events[:version]), NOTHING),
    )


def _session(upload: Upload) -> str | None:
    return f"session:{upload.session_hash[:16]}" if upload.session_hash else None


def _changes(before: UploadRow | None, after: UploadRow) -> list[ChangeBody]:
    old: dict[str, Any] = msgspec.to_builtins(before) if before else {}
    new: dict[str, Any] = msgspec.to_builtins(after)
    return [
        ChangeBody(field=_camel(name), before=old.get(name), after=value)
        for name, value in new.items()
        if name not in UNTOLD and old.get(name) != value
    ]


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
