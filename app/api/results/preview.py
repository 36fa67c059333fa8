"""GET /api/blobs/{signed}: serves an object of the folder store to a client with a signed link.

A bucket serves its own objects.
"""

from typing import Any, Final

from anyio import to_thread
from litestar import Request, Response
from litestar.params import FromPath

from app.api.http.addresses import address_of
from app.api.http.errors import LinkOverError
from app.api.http.services import Services
from domain.objects import saved_name

MEDIA_TYPES: Final = {".jpg": "image/jpeg"}
"""By the key's ending: a folder store does not keep media types."""
UNKNOWN: Final = "application/octet-stream"


class Previews:
    """Serves previews behind signed links."""

    def __init__(self, services: Services) -> None:
        self._blobs = services.blobs
        self._links = services.links
        self._clock = services.clock
        self._limits = services.limits
        self._trusted_proxies = services.settings.trusted_proxies

    async def blob(self, request: Request[Any, Any, Any], signed: FromPath[str]) -> Response[bytes]:
        """Read a preview by its signed link."""
        await self._limits.links.spend(address_of(request.scope, self._trusted_proxies))
        grant = self._links.read(signed)
        if grant is None:
            raise LinkOverError
        content = await to_thread.run_sync(self._blobs.get, grant.key)
        media_type = next((kind for ending, kind in MEDIA_TYPES.items() if grant.key.endswith(ending)), UNKNOWN)
        # A browser must not show the picture after its link has ended.
        seconds = int((grant.until - self._clock()).total_seconds())
        headers = {
            "Cache-Control": f"private, max-age={max(seconds, 0)}",
            "Content-Disposition": f'inline; filename="{saved_name(grant.key)}"',
        }
        return Response(content, media_type=media_type, headers=headers)
