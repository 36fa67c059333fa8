"""POST /api/uploads/{jobId}/retry and /cancel: the commands of a session on its own upload.

Both answer with the state that they led to. It is read from the log: the read model may not have it yet, and no later
poll returns an older one (projections/queries/status.py, TRANSITIONS).
"""

from collections.abc import Callable
from functools import partial
from typing import Any, Final
from uuid import UUID

import structlog
from litestar import Request
from litestar.types import ASGIApp

from app.api.http.addresses import address_of
from app.api.http.job_id import JobId, upload_id_of
from app.api.http.services import Services
from app.api.http.session_token import SessionToken, owner, renewal
from app.api.http.slots import Slots
from app.api.http.strangers import refuse_strangers
from app.api.status.answer import answer
from app.limits.policies import Fields
from app.limits.purses import fields_of_first
from app.signing.sessions import Session
from domain.errors import UploadNotFoundError
from domain.upload import Upload
from projections.queries.status import StatusRow, folded_row

Command = Callable[..., Upload]
ACCEPTED: Final = 202

log = structlog.get_logger(__name__)


class OwnerCommands:
    """Runs commands on uploads for the session that owns them."""

    def __init__(self, services: Services, slots: Slots) -> None:
        self._uploads = services.uploads
        self._history = services.history
        self._reader = services.reader
        self._forecaster = services.forecaster
        self._sessions = services.sessions
        self._limits = services.limits
        self._slots = slots
        self._put_behind = services.put_behind
        self._trusted_proxies = services.settings.trusted_proxies

    async def retry(
        self, request: Request[Any, Any, Any], job_id: JobId, session_token: SessionToken = None
    ) -> ASGIApp:
        """Ask for another try at a failed upload. It goes on from the stage that failed and pays for nothing twice."""
        session = owner(self._sessions, session_token)
        # A retry may cost another call of the image model, as an upload does.
        address = address_of(request.scope, self._trusted_proxies)
        counted = await self._limits.count_upload(address, session.hash)
        return await self._answer(self._retry, job_id, session, counted.fields, behind=counted.is_one_of_many)

    async def cancel(
        self, request: Request[Any, Any, Any], job_id: JobId, session_token: SessionToken = None
    ) -> ASGIApp:
        """End an upload that waits or runs. One that was cancelled before stays so, and is answered in the same way."""
        session = owner(self._sessions, session_token)
        # It costs no more than a poll, and is counted with them.
        purses = await self._limits.polls.spend(address_of(request.scope, self._trusted_proxies), session.hash)
        return await self._answer(self._cancel, job_id, session, fields_of_first(purses))

    def _retry(self, upload_id: UUID, *, by: str, behind: bool) -> Upload:
        if behind:
            self._put_behind(upload_id)
        return self._uploads.execute(upload_id, Upload.retry, by=by)

    def _cancel(self, upload_id: UUID, *, by: str) -> Upload:
        return self._uploads.execute(upload_id, Upload.cancel, by=by)

    async def _answer(self, command: Command, job_id: str, session: Session, rate: Fields, **facts: bool) -> ASGIApp:
        upload_id = upload_id_of(job_id)
        await refuse_strangers(self._reader, upload_id, session)
        row = await self._slots.run(partial(self._execute, partial(command, **facts), upload_id, session))
        renewed = renewal(self._sessions, session.token).items()
        more = {**rate, **{name.lower().encode(): value.encode() for name, value in renewed}}
        return answer(row, await self._forecaster.forecast(row), status_code=ACCEPTED, more=more)

    def _execute(self, command: partial[Upload], upload_id: UUID, session: Session) -> StatusRow:
        if self._uploads.get(upload_id).session_hash != session.hash:
            raise UploadNotFoundError
        upload = command(upload_id, by=session.actor)
        log.info(
            "owner.asked", command=command.func.__name__.strip("_"), upload_id=str(upload_id), version=upload.version
        )
        # Without the events that others appended since: the next poll may find the row of exactly this version.
        return folded_row(self._history(upload_id)[: upload.version])
