"""The result of an upload, as its events describe it."""

from uuid import UUID

from msgspec import Struct

from domain.events import StoredImage


class Result(Struct, frozen=True):
    """The finished picture: the full image and, once it is made, its watermarked preview."""

    result_id: UUID
    model: str
    full: StoredImage
    preview: StoredImage | None = None
