"""GET /api/blobs/{signed}: the objects of the folder store, to whoever has a signed link. A bucket serves its own."""

from typing import Final

from anyio import to_thread
from litestar import Response
from litestar.params import FromPath

from app.api.http.errors import LinkOverError
from app.signing.links import SignedLinks
from domain.ports import BlobStore

MEDIA_TYPES: Final = {".jpg": "image/jpeg"}
"""By the key's ending; the folder store keeps none."""
UNKNOWN: Final = "application/octet-stream"
HEADERS: Final = {"Cache-Control": "private, max-age=300", "Content-Disposition": "inline"}


class Blobs:
    """Opens signed links."""

    def __init__(self, blobs: BlobStore, links: SignedLinks) -> None:
        self._blobs = blobs
        self._links = links

    async def blob(self, signed: FromPath[str]) -> Response[bytes]:
        """Read a preview by its signed link."""
        key = self._links.read(signed)
        if key is None:
            raise LinkOverError
        content = await to_thread.run_sync(self._blobs.get, key)
        media_type = next((kind for ending, kind in MEDIA_TYPES.items() if key.endswith(ending)), UNKNOWN)
        return Response(content, media_type=media_type, headers=HEADERS)
