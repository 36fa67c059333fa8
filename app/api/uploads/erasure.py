"""DELETE /api/uploads/{jobId}: the owner erases an upload, with its photo and its pictures.

The session that submitted the upload may ask again: an erasure that the storage interrupted is then finished.
"""

from functools import partial
from typing import Any
from uuid import UUID

import structlog
from litestar import Request, Response

from app.api.http.addresses import address_of
from app.api.http.job_id import JobId, upload_id_of
from app.api.http.services import Services
from app.api.http.session_token import SessionToken, owner
from app.api.http.slots import Slots
from app.api.http.strangers import refuse_strangers
from app.api.uploads.bodies import ErasureBody
from app.signing.sessions import Session
from domain.errors import UploadNotFoundError
from workers.upkeep.erasure import erase

log = structlog.get_logger(__name__)


class Erasure:
    """Erases uploads for the session that owns them."""

    def __init__(self, services: Services, slots: Slots) -> None:
        self._uploads = services.uploads
        self._blobs = services.blobs
        self._reader = services.reader
        self._sessions = services.sessions
        self._slots = slots
        self._limits = services.limits
        self._trusted_proxies = services.settings.trusted_proxies

    async def erase(
        self, request: Request[Any, Any, Any], job_id: JobId, session_token: SessionToken = None
    ) -> Response[ErasureBody]:
        """Erase an upload for good: its photo and its pictures are deleted. One that still runs is cancelled first."""
        session = owner(self._sessions, session_token)
        await self._limits.polls.spend(address_of(request.scope, self._trusted_proxies), session.hash)
        upload_id = upload_id_of(job_id)
        await refuse_strangers(self._reader, upload_id, session)
        body = await self._slots.run(partial(self._erase, upload_id, session))
        return Response(body, headers={"Cache-Control": "no-store"})

    def _erase(self, upload_id: UUID, session: Session) -> ErasureBody:
        # The first version: an upload that is erased has no session any more, and its owner may ask again.
        if self._uploads.get(upload_id, version=1).session_hash != session.hash:
            raise UploadNotFoundError
        objects = erase(self._uploads, self._blobs, upload_id, by=session.actor)
        log.info("owner.erased", upload_id=str(upload_id), objects=objects)
        return ErasureBody(job_id=upload_id)
