"""POST /api/uploads: checks the request, receives the photo and hands it to the intake."""

import re
from functools import partial
from pathlib import Path
from tempfile import gettempdir
from typing import Annotated, Any, Final

from litestar import Request, Response
from litestar.params import HeaderParameter

from app.api.http.addresses import address_of
from app.api.http.correlation import correlation_id
from app.api.http.errors import MalformedError, UnauthorizedError, WeakKeyError
from app.api.http.services import Services
from app.api.http.session_token import SessionToken, owner, renewal
from app.api.http.slots import Slots
from app.api.uploads.bodies import SubmissionBody
from app.api.uploads.in_flight import InFlight
from app.api.uploads.intake import Intake
from app.api.uploads.photo import received_photo
from app.limits.disk_space import DiskSpace
from app.limits.in_flight import BytesInFlight
from app.limits.policies import in_text
from app.signing.sessions import Session
from domain.stages import Status

IdempotencyKey = Annotated[
    str | None,
    HeaderParameter(
        name="Idempotency-Key",
        required=False,
        description="Makes a repeated submission find the first one, for 24 hours. 1 to 255 visible ASCII characters;"
        " without X-Session-Token a random UUID, or at least 128 random bits: 32 hexadecimal digits, or 22 characters"
        " of A-Z, a-z, 0-9, - and _.",
    ),
]
KEY: Final = re.compile(r"[!-~]{1,255}")
STRONG_KEY: Final = re.compile(
    r'("?)(?!(?:[0-9]{,38}|[0-9a-f]{,31}|[0-9A-F]{,31})\1\Z)'  # fewer digits have less than 128 bits
    r"[A-Za-z0-9_-]{22,253}\1"
)
"""At least 128 bits, if it is random: 22 characters of 6 bits, or a UUID. The IETF draft has it in quotes.

Whether it is random cannot be seen in it. Counting its characters would find 32 times the same letter, but no date and
no word written twice. One that was guessed opens nothing without the photo itself, byte for byte."""


class Submission:
    """Accepts photos for a session."""

    def __init__(self, services: Services, slots: Slots) -> None:
        self._intake = Intake(services)
        self._in_flight = InFlight(services.limits)
        self._sessions = services.sessions
        self._limits = services.limits
        self._slots = slots
        self._received = partial(
            received_photo,
            spool=services.blobs.spool,
            max_bytes=services.settings.max_upload_bytes,
            seconds=services.body_seconds,
        )
        self._public_url = services.settings.public_url or ""
        self._trusted_proxies = services.settings.trusted_proxies
        self._bytes = BytesInFlight(services.settings.bytes_in_flight)
        folders = [Path(gettempdir()), *([services.settings.data_dir] if services.settings.s3_bucket is None else [])]
        self._disk = DiskSpace(folders, services.settings.min_free_bytes)

    async def submit(
        self,
        request: Request[Any, Any, Any],
        session_token: SessionToken = None,
        idempotency_key: IdempotencyKey = None,
    ) -> Response[SubmissionBody]:
        """Submit a photo, as the multipart field `image`."""
        is_repeated = len(request.headers.getall("Idempotency-Key", [])) > 1
        if idempotency_key is not None and (is_repeated or not KEY.fullmatch(idempotency_key)):
            raise MalformedError("An Idempotency-Key has 1 to 255 visible ASCII characters, and is sent once.")
        owned = None if session_token is None else owner(self._sessions, session_token)
        if owned is None and idempotency_key is not None and not STRONG_KEY.fullmatch(idempotency_key):
            raise WeakKeyError
        # A session that begins here has no uploads that it could be counted with.
        known = owned.hash if owned else None
        address = address_of(request.scope, self._trusted_proxies)
        counted = await self._limits.count_upload(address, known)
        self._disk.check()
        with self._bytes.of(address) as count:
            # If no slot is free in time, the API answers 503 before it reads the body.
            async with (
                self._in_flight.submitting(idempotency_key and f"{known or ''}:{idempotency_key}"),
                self._slots.slot() as slot,
                self._received(request, slot, count) as photo,
            ):
                take = partial(self._intake.take, photo, partial(self._sender, owned), behind=counted.is_one_of_many)
                correlation = correlation_id(request.scope)
                taken = await slot.run(partial(take, idempotency_key=idempotency_key, correlation_id=correlation))
        if self._sessions.is_ended(taken.session):
            raise UnauthorizedError
        status_url = f"{self._public_url}/api/status/{taken.upload_id}"
        # Only now is a derived session's token sent: the client has proved that it has the same photo and key.
        # A repeated submission gets the first one's answer, pending: a later stage would make the next poll go back.
        body = SubmissionBody(
            job_id=taken.upload_id, session_token=taken.session.token, status=Status.PENDING, status_url=status_url
        )
        headers = {"Location": status_url, "Cache-Control": "no-store", **in_text(counted.fields)}
        return Response(body, headers={**headers, **renewal(self._sessions, session_token)})

    def _sender(self, owned: Session | None, idempotency_key: str) -> Session:
        """The session of the token, of the key without one, or a new one without either."""
        if owned is not None:
            return owned
        return self._sessions.derive(idempotency_key) if idempotency_key else self._sessions.new()
