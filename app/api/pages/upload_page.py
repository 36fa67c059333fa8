"""GET /: the upload page.

The page says the largest photo that is taken in; its policy lets in nothing but itself, pictures that it holds
itself (`data:`), and the pictures' own server, from which the page also fetches what a person saves or shares.
"""

from collections.abc import Iterator
from datetime import timedelta
from functools import cached_property
from typing import Annotated, Final
from urllib.parse import urlsplit

from anyio import to_thread
from litestar import Response
from litestar.params import HeaderParameter

from app.api.pages.built import VARY, AcceptEncoding, file_of, policy_of, read_page, response_of, takes_gzip
from domain.ports import BlobStore

LIMIT: Final = '<meta name="max-upload-bytes" content="{}" />'
BUILT_LIMIT: Final = 20 * 2**20
"""The value in the page's source, for development without this server."""
ANY_KEY: Final = "any"

IfNoneMatch = Annotated[str | None, HeaderParameter(name="If-None-Match", required=False)]


class Page:
    """Serves the page from memory. `blobs` is asked only where it serves its pictures from."""

    def __init__(self, blobs: BlobStore, *, max_bytes: int, public_url: str) -> None:
        index = read_page("index.html")
        limit = LIMIT.format(max_bytes)
        self._index = file_of(index.replace(LIMIT.format(BUILT_LIMIT), limit).encode(), ".html")
        self._blobs = blobs
        self._public_url = public_url

    async def index(
        self, accept_encoding: AcceptEncoding = None, if_none_match: IfNoneMatch = None
    ) -> Response[bytes | None]:
        """Ask for the upload page."""
        policy = await to_thread.run_sync(lambda: self.policy)
        tag = self._index.tag(packed=takes_gzip(accept_encoding))
        headers = {"Cache-Control": "no-cache", "ETag": tag, "Content-Security-Policy": policy}
        if tag in (if_none_match or ""):
            return Response(None, status_code=304, headers={**headers, **VARY})
        return response_of(self._index, accept_encoding, headers)

    @cached_property
    def policy(self) -> str:
        """The Content-Security-Policy of the index."""
        return policy_of(servers=dict.fromkeys(self._picture_origins()))

    def _picture_origins(self) -> Iterator[str]:
        """The servers of the links in results, where those are not this one."""
        for url in (self._public_url, self._blobs.signed_url(ANY_KEY, timedelta(seconds=1))):
            place = urlsplit(url)
            if place.netloc:
                yield f"{place.scheme}://{place.netloc}"
