"""GET /api/results/{resultId}: the facts of a result, and a short-lived link to its preview.

The full image is never served to a session.
"""

from datetime import timedelta
from typing import Annotated, Any, Final
from uuid import UUID

from anyio import to_thread
from litestar import Request, Response
from litestar.params import PathParameter

from app.api.http.addresses import address_of
from app.api.http.services import Services
from app.api.http.session_token import SessionToken, owner, renewal
from app.api.http.strangers import not_found
from app.api.results.bodies import PreviewBody, ResultBody
from app.limits.policies import in_text
from app.limits.purses import fields_of_first
from domain.errors import ResultExpiredError, ResultNotFoundError
from domain.objects import Expiry
from projections.queries.status import CompletedResult

ResultId = Annotated[str, PathParameter(name="resultId")]
PREVIEW_LIFETIME: Final = timedelta(minutes=5)


class Results:
    """Serves results to the session that owns them."""

    def __init__(self, services: Services) -> None:
        self._reader = services.reader
        self._blobs = services.blobs
        self._sessions = services.sessions
        self._public_url = services.settings.public_url or ""
        self._clock = services.clock
        self._limits = services.limits
        self._trusted_proxies = services.settings.trusted_proxies

    async def result(
        self,
        request: Request[Any, Any, Any],
        result_id: ResultId,
        session_token: SessionToken = None,
    ) -> Response[ResultBody]:
        """Ask for a finished picture."""
        session_hash = owner(self._sessions, session_token).hash
        purses = await self._limits.polls.spend(address_of(request.scope, self._trusted_proxies), session_hash)
        row = await self._reader.result(_result_id(result_id), session_hash)
        if row is None:
            await not_found(ResultNotFoundError)
        if row.expired is Expiry.EVERYTHING:
            raise ResultExpiredError
        body = await to_thread.run_sync(self._body, row)
        told = {**in_text(fields_of_first(purses)), **renewal(self._sessions, session_token)}
        return Response(body, headers={"Cache-Control": "private, no-store", **told})

    def _body(self, row: CompletedResult) -> ResultBody:
        expires_at = self._clock() + PREVIEW_LIFETIME
        url = self._blobs.signed_url(row.preview.key, PREVIEW_LIFETIME)
        return ResultBody(
            result_id=row.result_id,
            job_id=row.upload_id,
            model=row.model,
            width=row.full_image.width,
            height=row.full_image.height,
            preview=PreviewBody(
                url=self._public_url + url if url.startswith("/") else url,
                expires_at=expires_at,
                width=row.preview.width,
                height=row.preview.height,
                media_type=row.preview.media_type,
            ),
            created_at=row.created_at,
        )


def _result_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise ResultNotFoundError from None
