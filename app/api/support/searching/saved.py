"""GET /api/support/searches: the searches that are made every day, each with the parameters of its URL."""

from datetime import UTC
from math import ceil
from typing import Any
from urllib.parse import urlencode

from litestar import Request, Response

from app.api.http.services import Services
from app.api.support.requests.desk import Desk
from app.api.support.searching.bodies import SavedSearchBody, SavedSearchesBody
from projections.statistics.waits import p95_wait


class SavedSearches:
    """Tells the saved searches."""

    def __init__(self, services: Services, desk: Desk) -> None:
        self._pool = services.pool
        self._clock = services.clock
        self._desk = desk

    async def saved(self, request: Request[Any, Any, Any]) -> Response[SavedSearchesBody]:
        """Ask for the searches that are made every day."""
        await self._desk.member(request)
        return await self._desk.answer(self._saved)

    def _saved(self) -> SavedSearchesBody:
        today = self._clock().astimezone(UTC).date().isoformat()
        wait = p95_wait(self._pool)
        seconds = ceil(wait) if wait else DEFAULT_WAIT
        usual = "than 95 in 100 do" if wait else "than a minute"
        return SavedSearchesBody(
            searches=[
                _search("failed-today", "Failed today", status="failed", createdAfter=today),
                _search("stands-still", "Stands still", standsStill="true"),
                _search("waits-long", f"Waits longer {usual} ({seconds} s)", waitsOver=str(seconds)),
                _search("put-off", "Put off", putOff="true"),
            ]
        )


def _search(name: str, title: str, **filters: str) -> SavedSearchBody:
    return SavedSearchBody(name=name, title=title, query=urlencode(filters))


DEFAULT_WAIT = 60
"""In seconds, while too few uploads have begun."""
