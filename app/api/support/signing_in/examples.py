"""Examples of what is answered about a session of the console, for the OpenAPI document."""

from datetime import UTC, datetime
from typing import Final

from app.api.support.requests.cookies import csrf_token_of
from app.api.support.signing_in.bodies import EndedStaffSessionBody, StaffSessionBody
from domain.staff import Role

SESSION: Final = StaffSessionBody(
    name="erika",
    role=Role.AGENT,
    ends_at=datetime(2026, 11, 28, 21, 0, tzinfo=UTC),
    csrf_token=csrf_token_of("an example"),
)
ENDED: Final = EndedStaffSessionBody(ended=True)
