"""POST /api/support/uploads/{jobId}/pictures and GET /api/support/pictures/{signed}: the pictures of one upload.

A link is short, works for the person who asked alone, and only while that person is an agent. Each picture that is
looked at is a row of the audit log, and no cache keeps it. Of a photo the clean copy is shown, without metadata. Until
there is one, it is what a stranger sent: it is shown as a picture of its own kind or not at all, and may run nothing.
"""

from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Any, Final
from uuid import UUID

from litestar import Request, Response
from litestar.params import PathParameter

from app.api.http.correlation import correlation_id
from app.api.http.errors import LinkOverError
from app.api.http.job_id import JobId, upload_id_of
from app.api.http.services import Services
from app.api.support.pictures.bodies import PictureBody, PicturesBody
from app.api.support.requests.desk import NO_STORE, Desk
from app.api.support.requests.fields import words_of
from app.api.support.requests.jobs import upload_of
from app.signing.links import SignedLinks
from domain.errors import BlobNotFoundError, UploadNotFoundError
from domain.formats import HEAD_BYTES, MEDIA_TYPES, format_of
from domain.objects import Expiry, clean_key, original_key
from domain.staff import Role
from domain.upload import Upload
from projections.staff.audit_log import Action, Entry
from projections.staff.members import Member

Signed = Annotated[str, PathParameter(name="signed")]

LIFETIME: Final = timedelta(seconds=60)
PATH: Final = "/api/support/pictures/"
SALT: Final = b"darkroom.staff-picture:"
HEADERS: Final = {
    **NO_STORE,
    "Content-Disposition": "inline",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}


class Pictures:
    """Links to pictures, and the pictures behind them."""

    def __init__(self, services: Services, desk: Desk) -> None:
        self._uploads = services.uploads
        self._blobs = services.blobs
        self._clock = services.clock
        self._links = services.links
        self._desk = desk

    async def links(self, request: Request[Any, Any, Any], job_id: JobId) -> Response[PicturesBody]:
        """Ask for short links to the original, the result and the preview of an upload."""
        member = await self._desk.member(request, Role.AGENT)
        reason = await words_of(request, "reason")
        look = Entry(
            actor=member.actor,
            action=Action.LOOKED,
            upload_id=upload_of(job_id),
            facts={"what": "pictures", "reason": reason},
            request_id=correlation_id(request.scope),
        )
        return await self._desk.answer(partial(self._linked, upload_of(job_id), member, look))

    async def picture(self, request: Request[Any, Any, Any], signed: Signed) -> Response[bytes]:
        """Look at a picture by its short link."""
        member = await self._desk.member(request, Role.AGENT)
        grant = self._links_of(member).read(signed)
        if grant is None:
            raise LinkOverError
        work = partial(self._shown, grant.key, member, correlation_id(request.scope))
        content, media_type = await self._desk.run(work)
        return Response(content, media_type=media_type, headers=HEADERS)

    def _linked(self, upload_id: UUID, member: Member, look: Entry) -> PicturesBody:
        try:
            upload = self._uploads.get(upload_id)
        except UploadNotFoundError:  # whose own sentence is for the owner of a session
            raise UploadNotFoundError(f"There is no upload {upload_id} in the log.") from None
        self._desk.audit_log.record(look)
        until = self._clock() + LIFETIME
        keys = _keys_of(upload)
        original, result, preview = (self._body(key, member, until) for key in keys)
        return PicturesBody(job_id=upload_id, original=original, result=result, preview=preview)

    def _body(self, key: str | None, member: Member, until: datetime) -> PictureBody | None:
        return PictureBody(url=self._links_of(member).sign(key, LIFETIME), until=until) if key else None

    def _shown(self, key: str, member: Member, request_id: str) -> tuple[bytes, str]:
        upload_id, kind = upload_id_of(key.partition("/")[0]), key.partition("/")[2].partition("-")[0]
        content = self._content(key, upload_id, kind)
        media_type = MEDIA_TYPES.get(format_of(content[:HEAD_BYTES]) or "")
        if media_type is None:
            raise BlobNotFoundError("This object is no picture that can be shown.")
        facts = {"what": "result" if kind == "full" else kind}
        self._desk.audit_log.record(
            Entry(actor=member.actor, action=Action.LOOKED, upload_id=upload_id, facts=facts, request_id=request_id)
        )
        return content, media_type

    def _content(self, key: str, upload_id: UUID, kind: str) -> bytes:
        """Of a photo its clean copy, once there is one: metadata tells more than what can be seen."""
        if kind == "original":
            with suppress(BlobNotFoundError):
                return self._blobs.get(clean_key(upload_id))
        return self._blobs.get(key)

    def _links_of(self, member: Member) -> SignedLinks:
        return self._links.of(SALT + member.name.encode(), PATH)


def _keys_of(upload: Upload) -> tuple[str | None, str | None, str | None]:
    """The keys of the original, the full image and the preview, as far as they are still there."""
    if upload.erased or upload.expired is Expiry.EVERYTHING:
        return None, None, None
    original = None if upload.expired else original_key(upload.id, upload.original_sha256)
    full = upload.result.full.key if upload.result else None
    preview = upload.result.preview.key if upload.result and upload.result.preview else None
    return original, full, preview
