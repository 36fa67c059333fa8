"""The API as staff use it: a person of each role, and requests in their names."""

from datetime import datetime
from typing import Any, Final, Self
from uuid import UUID

import httpx
from msgspec import Struct

from domain.staff import Role
from projections.staff.audit_log import AuditLog, Deed
from projections.staff.members import Staff
from tests.integration.api.service import Service
from tests.lives import Lives

BEGINNING: Final = datetime.fromisoformat("2000-01-01T00:00:00Z")
BY: Final = "operator:test"
REASON: Final = "The owner asked, ticket 4711."


class Desk(Struct):
    """The API, and the tokens of vera (viewer), agnes (agent) and adam (admin)."""

    service: Service
    tokens: dict[str, str]

    @classmethod
    def of(cls, service: Service) -> Self:
        """With a new member of each role."""
        staff = Staff(service.lives.pool)
        names = {"vera": Role.VIEWER, "agnes": Role.AGENT, "adam": Role.ADMIN}
        return cls(service, {name: staff.add(name, role, None, by=BY)[1] for name, role in names.items()})

    @property
    def lives(self) -> Lives:
        """The uploads."""
        return self.service.lives

    @property
    def staff(self) -> Staff:
        """The members."""
        return Staff(self.lives.pool)

    def get(self, path: str, *, by: str = "vera", **parameters: Any) -> httpx.Response:  # noqa: ANN401 - of a URL
        """Ask for something below /api/support."""
        params = {name: str(value) for name, value in parameters.items()}
        return self.service.client.get(f"/api/support/{path}", params=params, headers=self.signed(by))

    def search(self, **filters: Any) -> dict[str, Any]:  # noqa: ANN401 - of a URL
        """What a search of vera finds."""
        response = self.get("uploads", by="vera", **filters)
        assert response.status_code == 200, response.text
        body: dict[str, Any] = response.json()
        return body

    def timeline(self, upload_id: object) -> dict[str, Any]:
        """The timeline of an upload, as vera sees it."""
        response = self.get(f"uploads/{upload_id}/timeline")
        assert response.status_code == 200, response.text
        body: dict[str, Any] = response.json()
        return body

    def act(
        self, action: str, upload_id: object, *, by: str = "agnes", reason: object = REASON, **headers: str
    ) -> httpx.Response:
        """Do something to an upload; headers are named with underscores."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()} | self.signed(by)
        path = f"/api/support/uploads/{upload_id}/{action}"
        return self.service.client.post(path, json={"reason": reason}, headers=sent)

    def signed(self, by: str) -> dict[str, str]:
        """The header of a person, or of any token."""
        return {"Authorization": f"Bearer {self.tokens.get(by, by)}"}

    def deeds(self, upload_id: UUID | None = None) -> list[Deed]:
        """What staff have done since the members were added."""
        deeds = AuditLog(self.lives.pool).deeds(BEGINNING, upload_id=upload_id)
        return [deed for deed in deeds if deed.actor != BY]
