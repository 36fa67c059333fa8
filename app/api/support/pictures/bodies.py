"""The bodies of the links to pictures, in camelCase."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from app.api.http.bodies import Body


class PictureBody(Struct, frozen=True, kw_only=True, rename="camel"):
    """A link that works until then, and for the person who asked alone."""

    url: str
    until: datetime


class PicturesBody(Body, frozen=True, kw_only=True):
    """The pictures of an upload; null for one that is not there: not made yet, expired or erased."""

    job_id: UUID
    original: PictureBody | None
    result: PictureBody | None
    preview: PictureBody | None
