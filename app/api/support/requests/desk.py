"""Answers staff: asks who they are, runs what blocks in a thread, and forbids every cache to keep the answer."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final, TypeVar

from litestar import Request, Response

from app.api.http.services import Services
from app.api.http.slots import Slots
from app.api.support.requests.identity import Identity
from app.api.support.requests.operations import PARAMETERS
from app.api.support.requests.parameters import demand_known
from domain.staff import Role
from projections.staff.audit_log import AuditLog
from projections.staff.members import Member

_T = TypeVar("_T")

SLOTS: Final = 6
"""How many requests of staff may ask PostgreSQL at once. Few, because submissions use the same connections."""
NO_STORE: Final = {"Cache-Control": "no-store"}


class Desk:
    """What the handlers of all rooms share."""

    def __init__(self, services: Services) -> None:
        self._slots = Slots(SLOTS)
        self.identity = Identity(services, self._slots)
        self.audit_log = AuditLog(services.pool)

    async def member(self, request: Request[Any, Any, Any], needed: Role = Role.VIEWER) -> Member:
        """The member who asks. Raises NoStaffError, TooManyWrongTokensError, and ForbiddenError for another role.

        And MalformedError for a parameter that the endpoint does not take.
        """
        member = await self.identity.of(request, needed)
        demand_known(request.query_params, request.route_handler.opt[PARAMETERS])
        return member

    async def run(self, work: Callable[[], _T]) -> _T:
        """What the function gives, which may block. Raises OverloadedError."""
        return await self._slots.run(work)

    async def answer(self, work: Callable[[], _T], status: int = HTTPStatus.OK) -> Response[_T]:
        """The answer whose body the function makes. Raises OverloadedError."""
        return Response(await self.run(work), status_code=status, headers=NO_STORE)
