"""The body of POST /api/uploads."""

from uuid import UUID

from app.api.http.bodies import Body
from domain.stages import Status


class SubmissionBody(Body, frozen=True, kw_only=True):
    """A photo was taken in."""

    job_id: UUID
    session_token: str
    status: Status
    status_url: str
