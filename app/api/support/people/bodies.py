"""The bodies of the answers about staff, in camelCase."""

from datetime import datetime

from app.api.http.bodies import Body
from domain.staff import Role


class PersonBody(Body, frozen=True, kw_only=True):
    """The staff member who asks; `until` is when the access ends, null for never."""

    name: str
    role: Role
    until: datetime | None
