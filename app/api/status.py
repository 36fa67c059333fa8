"""GET /api/status/{jobId}: where an upload is. The path that everybody polls."""

from collections.abc import Callable, Sequence
from typing import Annotated, Protocol
from uuid import UUID

from anyio import to_thread
from litestar import Response
from litestar.params import HeaderParameter

from app.api.bodies import StatusBody
from app.api.job_id import JobId, upload_id_of
from app.api.session_token import SessionToken, owner
from app.api.status_answer import Tags, answer
from app.sessions import Sessions
from domain.errors import UploadNotFoundError
from domain.stages import Stage
from projections.forecast import Forecaster
from projections.log import LoggedEvent
from projections.reader import StatusReader, StatusRow, row_at_last_turn, row_of

History = Callable[[UUID], Sequence[LoggedEvent]]
"""Every event of one upload; it blocks."""
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

    def __init__(
        self,
        reader: StatusReader,
        history: History,
        forecaster: Forecaster,
        sessions: Sessions,
        analytics: PollAnalytics,
    ) -> None:
        self._reader = reader
        self._history = history
        self._forecaster = forecaster
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
        read = Tags.of(if_none_match)
        row = await self._row(upload_id_of(job_id), session_hash, read.version)
        self._analytics.status_poll(row.upload_id, row.stage, row.progress)
        return answer(row, await self._forecaster.forecast(row), read=read)

    async def _row(self, upload_id: UUID, session_hash: str, read_version: int) -> StatusRow:
        """The upload as it is, and no older than what the client has read."""
        row = await self._reader.status(upload_id)
        if row is None or (row.session_hash == session_hash and (row.missed_turn or row.version < read_version)):
            row = await to_thread.run_sync(self._row_from_log, upload_id, read_version)
        if row.session_hash != session_hash:
            raise UploadNotFoundError
        return row

    def _row_from_log(self, upload_id: UUID, read_version: int) -> StatusRow:
        history = self._history(upload_id)
        if not history:
            raise UploadNotFoundError
        # Whoever says what it has read is told the newest; everybody else must not be told more than the row will be.
        return row_of(history) if read_version > 1 else row_at_last_turn(history)
