"""The keys of an upload's objects in the object storage, all in one folder named by the upload's id.

A key contains the start of the SHA-256 of the content, so that no object replaces another one. The clean copy needs
none: the same original always gives the same copy. Does not know the object storage itself.
"""

from enum import StrEnum
from typing import Final, Literal
from uuid import UUID

PictureKind = Literal["full", "preview"]

DIGEST_CHARACTERS: Final = 16


class Expiry(StrEnum):
    """Which objects of an upload are deleted because their time is over."""

    ORIGINAL = "original"
    """The photo, its clean copy and the answers of the image model; the finished pictures stay."""
    EVERYTHING = "everything"


def folder_of(upload_id: UUID) -> str:
    """The prefix of every key of the upload."""
    return f"{upload_id}/"


def original_key(upload_id: UUID, sha256: str) -> str:
    """The photo as it was submitted."""
    return _key(upload_id, "original", sha256)


def clean_key(upload_id: UUID) -> str:
    """The clean copy of the photo, which is sent to the image model."""
    return f"{folder_of(upload_id)}clean.jpg"


def answer_prefix(upload_id: UUID) -> str:
    """The prefix of every answer of the image model that was stored for the upload."""
    return f"{folder_of(upload_id)}generated"


def answer_key(upload_id: UUID, sha256: str) -> str:
    """An answer of the image model, before its picture is checked."""
    return _key(upload_id, "generated", sha256)


def picture_key(upload_id: UUID, kind: PictureKind, sha256: str) -> str:
    """A finished picture: the full image or its watermarked preview."""
    return f"{_key(upload_id, kind, sha256)}.jpg"


def is_picture(key: str) -> bool:
    """Whether the object is a finished picture, also one that an overtaken attempt stored."""
    return key.partition("/")[2].startswith(("full-", "preview-"))


def saved_name(key: str) -> str:
    """The name under which a browser saves a preview: it tells its upload, and nothing of the photo's own name."""
    return f"darkroom-{key.partition('/')[0][:8]}.jpg"


def _key(upload_id: UUID, kind: str, sha256: str) -> str:
    return f"{folder_of(upload_id)}{kind}-{sha256[:DIGEST_CHARACTERS]}"
