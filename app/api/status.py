"""GET /api/status/{jobId}: where an upload is. The path that everybody polls."""

import re
from collections.abc import Callable, Sequence
from typing import Annotated, Final, Protocol
from uuid import UUID

from anyio import to_thread
from litestar import Response
from litestar.params import HeaderParameter, PathParameter
from msgspec import UNSET

from app.api.bodies import StatusBody
from app.api.session_token import SessionToken, owner
from app.sessions import Sessions
from domain.errors import UploadNotFoundError
from domain.stages import Stage, Status
from projections.log import LoggedEvent
from projections.reader import StatusReader, StatusRow, row_of

POLL_AFTER_MS: Final = 2500
RETRY_AFTER_SECONDS: Final = 3
"""POLL_AFTER_MS as Retry-After tells it, in whole seconds."""
TAG: Final = re.compile(r'(?:W/)?"([0-9]{1,9})"')

History = Callable[[UUID], Sequence[LoggedEvent]]
"""Every event of one upload; it blocks."""
JobId = Annotated[str, PathParameter(name="jobId")]
IfNoneMatch = Annotated[
    str | None,
    HeaderParameter(
        name="If-None-Match", required=False, description="The ETag of the last answer: 304 if nothing moved."
    ),
]


class PollAnalytics(Protocol):
    """Is told of every poll and takes note of some; it returns at once, whatever happens."""

    def status_poll(self, upload_id: UUID, stage: Stage | None, progress: int) -> None:
        """A client asked where its upload is."""


class NoAnalytics:
    """For a service that has nobody to tell."""

    def status_poll(self, upload_id: UUID, stage: Stage | None, progress: int) -> None:
        """Forget it."""


class StatusPoll:
    """Answers polls from the read model, and from the log where that is behind."""

    def __init__(self, reader: StatusReader, history: History, sessions: Sessions, analytics: PollAnalytics) -> None:
        self._reader = reader
        self._history = history
        self._sessions = sessions
        self._analytics = analytics

    async def status(
        self,
        job_id: JobId,
        session_token: SessionToken = None,
        if_none_match: IfNoneMatch = None,
    ) -> Response[StatusBody | None]:
        """Ask where an upload is."""
        session_hash = owner(self._sessions, session_token).hash
        versions = [int(version) for version in TAG.findall(if_none_match or "")]
        row = await self._row(_upload_id(job_id), session_hash, max(versions, default=0))
        self._analytics.status_poll(row.upload_id, row.stage, row.progress)
        if row.version in versions or (if_none_match or "").strip() == "*":
            return Response(None, status_code=304, headers=_headers(row))
        return Response(_body(row), headers=_headers(row))

    async def _row(self, upload_id: UUID, session_hash: str, read_version: int) -> StatusRow:
        """The upload as it is, and no older than the version that the client has read."""
        row = await self._reader.status(upload_id)
        if row is None or (row.version < read_version and row.session_hash == session_hash):
            row = await to_thread.run_sync(self._row_from_log, upload_id, read_version)
        if row.session_hash != session_hash:
            raise UploadNotFoundError
        return row

    def _row_from_log(self, upload_id: UUID, read_version: int) -> StatusRow:
        history = self._history(upload_id)
        if not history:
            raise UploadNotFoundError
        # Whoever has read nothing yet is shown the submission alone: the projector's first row may be behind the
        # log, and the poll that finds it must not seem to go back.
        return row_of(history if read_version > 1 else history[:1])


def _upload_id(job_id: str) -> UUID:
    try:
        return UUID(job_id)
    except ValueError:
        raise UploadNotFoundError from None


def _is_terminal(row: StatusRow) -> bool:
    return row.status in {Status.COMPLETED, Status.FAILED}


def _headers(row: StatusRow) -> dict[str, str]:
    headers = {"ETag": f'"{row.version}"', "Cache-Control": "private, no-cache"}
    if not _is_terminal(row):
        headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return headers


def _body(row: StatusRow) -> StatusBody:
    return StatusBody(
        job_id=row.upload_id,
        status=row.status,
        stage=row.stage,
        progress=row.progress,
        result_id=row.result_id,
        version=row.version,
        attempt=row.attempt,
        created_at=row.created_at,
        updated_at=row.updated_at,
        is_terminal=_is_terminal(row),
        poll_after_ms=None if _is_terminal(row) else POLL_AFTER_MS,
        error_code=row.error_code or UNSET,
        error_message=row.error_message or UNSET,
    )
