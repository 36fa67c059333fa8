"""What browsers and search engines ask for at fixed addresses: /favicon.ico and /robots.txt."""

import re
from functools import cached_property
from typing import Final

from litestar import Response

from app.api.pages.built import BUILT, AcceptEncoding, File, file_of, read_page, response_of

ROBOTS: Final = """User-agent: *
Disallow: /api/
Disallow: /schema
"""
"""The page may be found. Jobs, results and their pictures belong to their owners."""
DAY: Final = {"Cache-Control": "public, max-age=86400"}
LINK: Final = re.compile(r"<link\s[^>]*>")
ICON: Final = re.compile(r'\brel="icon"')
ADDRESS: Final = re.compile(r'\bhref="/([^"]+)"')


class WellKnown:
    """Serves them."""

    async def robots(self) -> Response[str]:
        """Ask what search engines may read."""
        return Response(ROBOTS, media_type="text/plain", headers=DAY)

    async def icon(self, accept_encoding: AcceptEncoding = None) -> Response[bytes | None]:
        """Ask for the icon, as a browser does that has not read the page: it is the one that the page names."""
        return response_of(self._icon, accept_encoding, DAY)

    @cached_property
    def _icon(self) -> File:
        icon = next(link for link in LINK.findall(read_page("index.html")) if ICON.search(link))
        path = BUILT / ADDRESS.findall(icon)[0]
        return file_of(path.read_bytes(), path.suffix)
