"""GET /: the upload page.

The page says the largest photo that is taken in; its policy lets in nothing but itself, pictures that it holds
itself (`data:`), and the pictures' own server, from which the page also fetches what a person saves or shares.
"""

from collections.abc import Iterator
from datetime import timedelta
from functools import cached_property
from typing import Final
from urllib.parse import urlsplit

from anyio import to_thread
from litestar import Response

from app.api.pages.built import AcceptEncoding, IfNoneMatch, file_of, page_response, policy_of, read_page
from domain.ports import BlobStore

LIMIT: Final = '<meta name="max-upload-bytes" content="{}" />'
BUILT_LIMIT: Final = 20 * 2**20
"""The value in the page's source, for development without this server."""
ANY_KEY: Final = "any"


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
        return page_response(self._index, policy, accept_encoding, if_none_match)

    @cached_property
    def policy(self) -> str:
        """The Content-Security-Policy of the index."""
        return policy_of(servers=dict.fromkeys(self._picture_origins()))

    def _picture_origins(self) -> Iterator[str]:
        """The servers of the links in results, where those are not this one."""
        for url in (self._public_url, self._blobs.signed_url(ANY_KEY, timedelta(seconds=1))):
            parts = urlsplit(url)
            if parts.netloc:
                yield f"{parts.scheme}://{parts.netloc}"
