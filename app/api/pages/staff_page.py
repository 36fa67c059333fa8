"""GET /support and all below it, and GET /insights: the pages of staff.

They hold no data: they ask the API in the name of the person who looks.
"""

from functools import cached_property
from typing import Final

from litestar import Response
from litestar.params import FromPath

from app.api.pages.built import AcceptEncoding, File, IfNoneMatch, file_of, page_response, policy_of, read_page

POLICY: Final = policy_of()


class StaffPage:
    """Serves a page of staff from memory."""

    def __init__(self, name: str) -> None:
        self._name = name

    async def index(
        self, accept_encoding: AcceptEncoding = None, if_none_match: IfNoneMatch = None
    ) -> Response[bytes | None]:
        """Ask for the page."""
        return page_response(self._page, POLICY, accept_encoding, if_none_match)

    async def below(
        self, below: FromPath[str], accept_encoding: AcceptEncoding = None, if_none_match: IfNoneMatch = None
    ) -> Response[bytes | None]:
        """Ask for the page at an address of it, which the page itself reads."""
        del below
        return await self.index(accept_encoding, if_none_match)

    @cached_property
    def _page(self) -> File:
        return file_of(read_page(self._name).encode(), ".html")
