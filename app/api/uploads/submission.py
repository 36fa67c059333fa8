"""POST /api/uploads: checks the request, receives the photo and hands it to the intake."""

import re
from functools import partial
from typing import Annotated, Any, Final

from litestar import Request, Response
from litestar.params import HeaderParameter

from app.api.http.addresses import address_of
from app.api.http.correlation import correlation_id
from app.api.http.errors import MalformedError
from app.api.http.services import Services
from app.api.http.session_token import SessionToken, owner
from app.api.http.slots import Threads
from app.api.uploads.bodies import SubmissionBody
from app.api.uploads.intake import Intake
from app.api.uploads.photo import received_photo
from app.limits.policies import in_text
from app.signing.sessions import Session
from domain.stages import Status

IdempotencyKey = Annotated[
    str | None,
    HeaderParameter(
        name="Idempotency-Key",
        required=False,
        description="Makes a repeated submission find the first one. 1 to 255 visible ASCII characters.",
    ),
]
KEY: Final = re.compile(r"[!-~]{1,255}")


class Submission:
    """Accepts photos for a session."""

    def __init__(self, services: Services, threads: Threads) -> None:
        self._intake = Intake(services.uploads, services.blobs, services.prompt_version)
        self._sessions = services.sessions
        self._limits = services.limits
        self._threads = threads
        self._max_bytes = services.settings.max_upload_bytes
        self._body_seconds = services.body_seconds
        self._public_url = services.settings.public_url or ""
        self._trusted_proxies = services.settings.trusted_proxies

    async def submit(
        self,
        request: Request[Any, Any, Any],
        session_token: SessionToken = None,
        idempotency_key: IdempotencyKey = None,
    ) -> Response[SubmissionBody]:
        """Submit a photo, as the multipart field `image`."""
        if idempotency_key is not None and not KEY.fullmatch(idempotency_key):
            raise MalformedError("An Idempotency-Key has 1 to 255 visible ASCII characters.")
        session = self._session(session_token, idempotency_key)
        # A session that begins here has no uploads that it could be counted with.
        known = None if session_token is None else session.hash
        rate = await self._limits.count_upload(address_of(request.scope, self._trusted_proxies), known)
        # If no slot is free in time, the API answers 503 before it reads the body.
        async with (
            self._threads.place() as place,
            received_photo(request, place, max_bytes=self._max_bytes, seconds=self._body_seconds) as photo,
        ):
            take = partial(self._intake.take, photo, session)
            correlation = correlation_id(request.scope)
            upload_id = await place.run(partial(take, idempotency_key=idempotency_key, correlation_id=correlation))
        status_url = f"{self._public_url}/api/status/{upload_id}"
        # Only now is a derived session's token sent: the client has proved that it has the same photo and key.
        # A repeated submission gets the first one's answer, pending: a later stage would make the next poll go back.
        body = SubmissionBody(
            job_id=upload_id, session_token=session.token, status=Status.PENDING, status_url=status_url
        )
        return Response(body, headers={"Location": status_url, "Cache-Control": "no-store", **in_text(rate)})

    def _session(self, token: str | None, idempotency_key: str | None) -> Session:
        if token is not None:
            return owner(self._sessions, token)
        return self._sessions.new() if idempotency_key is None else self._sessions.derive(idempotency_key)
