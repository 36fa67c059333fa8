"""GET /support and all below it: the console of staff, one page for every address of it.

The page holds nothing of anyone: what it shows it asks for at /api/support, with the session of who looks.
"""

from functools import cached_property
from typing import Final

from litestar import Response
from litestar.params import FromPath

from app.api.pages.built import AcceptEncoding, File, IfNoneMatch, file_of, page_response, policy_of, read_page

POLICY: Final = policy_of()


class Console:
    """Serves the console from memory."""

    async def index(
        self, accept_encoding: AcceptEncoding = None, if_none_match: IfNoneMatch = None
    ) -> Response[bytes | None]:
        """Ask for the console."""
        return page_response(self._page, POLICY, accept_encoding, if_none_match)

    async def below(
        self, place: FromPath[str], accept_encoding: AcceptEncoding = None, if_none_match: IfNoneMatch = None
    ) -> Response[bytes | None]:
        """Ask for the console at an address of it, which the page itself reads."""
        del place
        return await self.index(accept_encoding, if_none_match)

    @cached_property
    def _page(self) -> File:
        return file_of(read_page("support.html").encode(), ".html")
