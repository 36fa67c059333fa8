"""The bodies of the answers about a session of the console, in camelCase."""

from datetime import datetime

from app.api.http.bodies import Body
from domain.staff import Role


class StaffSessionBody(Body, frozen=True, kw_only=True):
    """Who is signed in. `endsAt` and `csrfToken` are null for a person who sends a token or comes through a proxy."""

    name: str
    role: Role
    ends_at: datetime | None
    csrf_token: str | None


class EndedStaffSessionBody(Body, frozen=True, kw_only=True):
    """The person is signed out. `ended` is false if there was no session."""

    ended: bool
