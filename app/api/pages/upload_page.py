"""GET / and /assets/{name}: the built upload page, as it lies in `app/web/built`. It knows nothing of what is on it.

The page says the largest photo that is taken in; its policy lets in nothing but itself, pictures that it holds
itself (`data:`), and the pictures' own server.
"""

import gzip
import re
from collections.abc import Iterator
from datetime import timedelta
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

from anyio import to_thread
from litestar import Response
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, HeaderParameter
from msgspec import Struct

from domain.ports import BlobStore

BUILT: Final = Path(__file__).parents[2] / "web" / "built"
MEDIA_TYPES: Final = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
LIMIT: Final = '<meta name="max-upload-bytes" content="{}" />'
BUILT_LIMIT: Final = 20 * 2**20
"""The value in the page's source, for development without this server."""
IMMUTABLE: Final = "public, max-age=31536000, immutable"
"""An asset's name holds its digest: under one name there is one content for ever."""
VARY: Final = {"Vary": "Accept-Encoding"}
ANY_KEY: Final = "any"
GZIP: Final = re.compile(r"(?:^|,)\s*gzip\s*(?:;\s*q\s*=\s*(?:1(?:\.0*)?|0?\.0*[1-9][0-9]*)\s*)?(?:,|$)", re.IGNORECASE)
"""What an Accept-Encoding says that takes it; with a q of 0 it does not."""

AcceptEncoding = Annotated[str | None, HeaderParameter(name="Accept-Encoding", required=False)]
IfNoneMatch = Annotated[str | None, HeaderParameter(name="If-None-Match", required=False)]


class File(Struct, frozen=True):
    """A file of the page, and the same compressed."""

    content: bytes
    packed: bytes
    media_type: str
    digest: str

    def tag(self, *, packed: bool) -> str:
        """The ETag; each encoding has its own."""
        return f'"{self.digest}-gzip"' if packed else f'"{self.digest}"'


class Page:
    """Serves the page from memory. `blobs` is asked only where it serves its pictures from."""

    def __init__(self, blobs: BlobStore, *, max_bytes: int, public_url: str) -> None:
        index = (BUILT / "index.html").read_text()
        limit = LIMIT.format(max_bytes)
        self._index = _file(index.replace(LIMIT.format(BUILT_LIMIT), limit).encode(), ".html")
        self._assets = {path.name: _file(path.read_bytes(), path.suffix) for path in (BUILT / "assets").iterdir()}
        self._blobs = blobs
        self._public_url = public_url

    async def index(
        self, accept_encoding: AcceptEncoding = None, if_none_match: IfNoneMatch = None
    ) -> Response[bytes | None]:
        """Ask for the upload page."""
        policy = await to_thread.run_sync(lambda: self.policy)
        tag = self._index.tag(packed=_takes_gzip(accept_encoding))
        headers = {"Cache-Control": "no-cache", "ETag": tag, "Content-Security-Policy": policy}
        if tag in (if_none_match or ""):
            return Response(None, status_code=304, headers={**headers, **VARY})
        return _response(self._index, accept_encoding, headers)

    async def asset(self, name: FromPath[str], accept_encoding: AcceptEncoding = None) -> Response[bytes | None]:
        """Ask for a file of the upload page."""
        if name not in self._assets:
            raise NotFoundException
        return _response(self._assets[name], accept_encoding, {"Cache-Control": IMMUTABLE})

    @cached_property
    def policy(self) -> str:
        """The Content-Security-Policy of the index."""
        pictures = " ".join(dict.fromkeys(["'self'", "data:", *self._picture_origins()]))
        return (
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
            f"img-src {pictures}; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )

    def _picture_origins(self) -> Iterator[str]:
        """The servers of the links in results, where those are not this one."""
        for url in (self._public_url, self._blobs.signed_url(ANY_KEY, timedelta(seconds=1))):
            place = urlsplit(url)
            if place.netloc:
                yield f"{place.scheme}://{place.netloc}"


def _file(content: bytes, suffix: str) -> File:
    digest = sha256(content).hexdigest()[:16]
    return File(content, gzip.compress(content, 9, mtime=0), MEDIA_TYPES[suffix], digest)


def _takes_gzip(accept_encoding: str | None) -> bool:
    return bool(GZIP.search(accept_encoding or ""))


def _response(file: File, accept_encoding: str | None, headers: dict[str, str]) -> Response[bytes | None]:
    headers = {**headers, **VARY}
    if _takes_gzip(accept_encoding):
        return Response(file.packed, media_type=file.media_type, headers={**headers, "Content-Encoding": "gzip"})
    return Response(file.content, media_type=file.media_type, headers=headers)
