"""Stores pictures under content-addressed keys and verifies each by reading it back.

So nothing overwrites anything else: an attempt that was overtaken stores beside the next one. Only the clean copy has a
fixed key: the same original gives the same copy in every attempt.
"""

import hashlib
import io
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from domain.events import StoredImage
from domain.objects import PictureKind, answer_key, answer_prefix, folder_of, picture_key
from domain.ports import BlobStore
from workers.errors import NotHeldError
from workers.imaging.jobs import Picture
from workers.vision.model import Answer

JPEG: Final = "image/jpeg"


class Kept(NamedTuple):
    """The image model's answer, and the key under which the storage was seen to hold it."""

    key: str
    answer: Answer


def keep_answer(blobs: BlobStore, upload_id: UUID, answer: Answer) -> Kept:
    """Store the image model's answer, which was paid for."""
    content = msgspec.msgpack.encode(answer)
    key = answer_key(upload_id, _digest(content))
    keep(blobs, key, content, "application/msgpack")
    return Kept(key, answer)


def find_answer(blobs: BlobStore, upload_id: UUID) -> str | None:
    """Where the answer is; of two that were paid for, every attempt takes the same."""
    return next(iter(blobs.keys(answer_prefix(upload_id))), None)


def kept_answer(blobs: BlobStore, upload_id: UUID, key: str) -> Kept:
    """The answer under the key. Raises NotHeldError if that is not what was stored there."""
    content = blobs.get(key)
    if key != answer_key(upload_id, _digest(content)):
        raise NotHeldError(key)
    return Kept(key, msgspec.msgpack.decode(content, type=Answer))


def keep(blobs: BlobStore, key: str, content: bytes, media_type: str) -> None:
    """Store the bytes and read them back. Raises NotHeldError if they do not match."""
    blobs.put(key, io.BytesIO(content), media_type)
    if blobs.get(key) != content:
        raise NotHeldError(key)


def keep_picture(blobs: BlobStore, upload_id: UUID, kind: PictureKind, picture: Picture) -> StoredImage:
    """Store a picture under a key of its content, so that a stale attempt can overwrite nothing with anything else."""
    digest = picture.sha256
    key = picture_key(upload_id, kind, digest)
    keep(blobs, key, picture.jpeg, JPEG)
    return StoredImage(key, digest, len(picture.jpeg), picture.width, picture.height, JPEG)


def take_away(blobs: BlobStore, upload_id: UUID) -> int:
    """Delete every object of an erased upload; how many that were."""
    keys = list(blobs.keys(folder_of(upload_id)))
    for key in keys:
        blobs.delete(key)
    return len(keys)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
