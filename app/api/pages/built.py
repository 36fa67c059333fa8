"""The built pages, as they lie in `app/web/built`: their files in memory, each also compressed, and their policy."""

import gzip
import re
from collections.abc import Iterable
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Final

from litestar import Response
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, HeaderParameter
from msgspec import Struct

BUILT: Final = Path(__file__).parents[2] / "web" / "built"
MEDIA_TYPES: Final = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
}
IMMUTABLE: Final = "public, max-age=31536000, immutable"
"""The name of an asset contains its digest: under one name there is one content for ever."""
VARY: Final = {"Vary": "Accept-Encoding"}
GZIP: Final = re.compile(r"(?:^|,)\s*gzip\s*(?:;\s*q\s*=\s*(?:1(?:\.0*)?|0?\.0*[1-9][0-9]*)\s*)?(?:,|$)", re.IGNORECASE)
"""An Accept-Encoding that accepts it; with a q of 0 it does not."""

AcceptEncoding = Annotated[str | None, HeaderParameter(name="Accept-Encoding", required=False)]

IfNoneMatch = Annotated[str | None, HeaderParameter(name="If-None-Match", required=False)]

NONE: Final = " 'none'"


class File(Struct, frozen=True):
    """A file of the page, and the same compressed."""

    content: bytes
    packed: bytes
    media_type: str
    digest: str

    def tag(self, *, packed: bool) -> str:
        """The ETag; each encoding has its own."""
        return f'"{self.digest}-gzip"' if packed else f'"{self.digest}"'


def read_page(name: str) -> str:
    """The source of a built page."""
    return (BUILT / name).read_text()


def policy_of(*, servers: Iterable[str] = ()) -> str:
    """The Content-Security-Policy of a page, which loads nothing from other servers but pictures from these.

    One that may not be read is saved by a frame.
    """
    of_servers = "".join(f" {server}" for server in servers)
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'{of_servers}; "
        f"manifest-src 'self'; img-src 'self' data:{of_servers}; frame-src{of_servers or NONE}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


class Assets:
    """Serves the files that the pages load."""

    @cached_property
    def _files(self) -> dict[str, File]:
        return {path.name: file_of(path.read_bytes(), path.suffix) for path in (BUILT / "assets").iterdir()}

    async def asset(self, name: FromPath[str], accept_encoding: AcceptEncoding = None) -> Response[bytes | None]:
        """Ask for a file of a page."""
        if name not in self._files:
            raise NotFoundException
        return response_of(self._files[name], accept_encoding, {"Cache-Control": IMMUTABLE})


def file_of(content: bytes, suffix: str) -> File:
    """The file, with its media type by its suffix."""
    digest = sha256(content).hexdigest()[:16]
    return File(content, gzip.compress(content, 9, mtime=0), MEDIA_TYPES[suffix], digest)


def takes_gzip(accept_encoding: str | None) -> bool:
    """Whether the client accepts gzip."""
    return bool(GZIP.search(accept_encoding or ""))


def response_of(file: File, accept_encoding: str | None, headers: dict[str, str]) -> Response[bytes | None]:
    """The file, compressed if the client accepts it."""
    headers = {**headers, **VARY}
    if takes_gzip(accept_encoding):
        return Response(file.packed, media_type=file.media_type, headers={**headers, "Content-Encoding": "gzip"})
    return Response(file.content, media_type=file.media_type, headers=headers)


def page_response(
    page: File, policy: str, accept_encoding: str | None, if_none_match: str | None
) -> Response[bytes | None]:
    """The page, which a browser asks for each time; 304 for one that has it."""
    tag = page.tag(packed=takes_gzip(accept_encoding))
    headers = {"Cache-Control": "no-cache", "ETag": tag, "Content-Security-Policy": policy}
    if tag in (if_none_match or ""):
        return Response(None, status_code=304, headers={**headers, **VARY})
    return response_of(page, accept_encoding, headers)
