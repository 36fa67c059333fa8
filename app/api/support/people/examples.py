"""Examples of what is answered about staff, for the OpenAPI document."""

from datetime import UTC, datetime
from typing import Final

from app.api.support.people.bodies import PersonBody
from domain.staff import Role

PERSON: Final = PersonBody(name="erika", role=Role.AGENT, until=datetime(2027, 2, 1, tzinfo=UTC))
