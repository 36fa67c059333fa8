"""GET /insights: the page of the insights. It holds no data: it asks /api/analysis in the name of who looks."""

from functools import cached_property
from typing import Annotated, Final

from litestar import Response
from litestar.params import HeaderParameter

from app.api.pages.built import VARY, AcceptEncoding, File, file_of, policy_of, read_page, response_of, takes_gzip

POLICY: Final = policy_of(pictures=["'self'"])

IfNoneMatch = Annotated[str | None, HeaderParameter(name="If-None-Match", required=False)]


class InsightsPage:
    """Serves the page from memory."""

    async def index(
        self, accept_encoding: AcceptEncoding = None, if_none_match: IfNoneMatch = None
    ) -> Response[bytes | None]:
        """Ask for the page."""
        tag = self._page.tag(packed=takes_gzip(accept_encoding))
        headers = {"Cache-Control": "no-cache", "ETag": tag, "Content-Security-Policy": POLICY}
        if tag in (if_none_match or ""):
            return Response(None, status_code=304, headers={**headers, **VARY})
        return response_of(self._page, accept_encoding, headers)

    @cached_property
    def _page(self) -> File:
        return file_of(read_page("insights.html").encode(), ".html")
