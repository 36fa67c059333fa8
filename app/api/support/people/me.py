"""GET /api/support/me: who asks."""

from typing import Any

from litestar import Request, Response

from app.api.support.people.bodies import PersonBody
from app.api.support.requests.desk import NO_STORE, Desk


class Me:
    """Tells staff who they are."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def me(self, request: Request[Any, Any, Any]) -> Response[PersonBody]:
        """Ask who one is, and what one may do."""
        member = await self._desk.member(request)
        return Response(PersonBody(name=member.name, role=member.role, until=member.until), headers=NO_STORE)
