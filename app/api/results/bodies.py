"""The body of GET /api/results/{resultId}."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from app.api.http.bodies import Body


class PreviewBody(Struct, frozen=True, kw_only=True, rename="camel"):
    """Where the watermarked preview can be read, and until when. Its size is in pixels."""

    url: str
    expires_at: datetime
    width: int
    height: int
    media_type: str


class ResultBody(Body, frozen=True, kw_only=True):
    """A finished picture; width and height, in pixels, are those of the full image."""

    result_id: UUID
    job_id: UUID
    model: str
    width: int
    height: int
    preview: PreviewBody
    created_at: datetime
