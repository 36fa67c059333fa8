"""Invariant 6: a recorded picture is in the object storage, byte for byte, and a complete upload has both pictures."""

from collections.abc import Iterator
from hashlib import sha256

from domain.errors import BlobNotFoundError
from domain.events import PreviewStored, ResultStored, StageAdvanced, StoredImage
from domain.objects import Expiry, folder_of, is_picture
from domain.ports import BlobStore
from domain.stages import Stage
from projections.audit.evidence import Evidence, Violation


def recorded_pictures(evidence: Evidence) -> list[StoredImage]:
    """The pictures that must be in the object storage according to the stream: the full image first."""
    if evidence.erased_at or evidence.expired_at(Expiry.EVERYTHING):
        return []
    full = [event.full for event in evidence.events if isinstance(event, ResultStored)]
    return full + [event.preview for event in evidence.events if isinstance(event, PreviewStored)]


def check_pictures(evidence: Evidence, store: BlobStore) -> Iterator[Violation]:
    """Pictures that are missing or differ. Raises UnavailableError or StorageRefusedError."""
    yield from _left_over(evidence, store)
    if evidence.erased_at:
        return
    if any(isinstance(event, StageAdvanced) and event.stage is Stage.COMPLETE for event in evidence.events):
        for name, kind in (("full image", ResultStored), ("preview", PreviewStored)):
            # One that cannot be read is told of by check_stream.
            if not any(logged.name == kind.NAME for logged in evidence.history):
                yield evidence.violation(6, f"it is complete, but no {name} is recorded.")
    for picture in recorded_pictures(evidence):
        if mismatch := _mismatch(picture, store):
            yield evidence.violation(6, mismatch)


def _left_over(evidence: Evidence, store: BlobStore) -> Iterator[Violation]:
    expired_at = evidence.expired_at(Expiry.EVERYTHING)
    everything, original = evidence.erased_at or expired_at, evidence.expired_at(Expiry.ORIGINAL)
    since = everything or original
    # Objects are deleted after the event, and a run that is still alive deletes its own at its end.
    if since is None or evidence.is_recent(since) or evidence.is_recent(evidence.leased_until):
        return
    ended = "erased" if evidence.erased_at else "expired"
    for key in store.keys(folder_of(evidence.upload_id)):
        if everything or not is_picture(key):
            yield evidence.violation(8, f"it is {ended}, but the object {key} exists.")


def _mismatch(picture: StoredImage, store: BlobStore) -> str | None:
    try:
        content = store.get(picture.key)
    except BlobNotFoundError:
        return f"the object {picture.key} does not exist."
    except ValueError:
        return f"{picture.key!r} is no key of the object storage."
    if len(content) != picture.size:
        return f"the object {picture.key} has {len(content)} bytes, the log says {picture.size}."
    digest = sha256(content).hexdigest()
    if digest != picture.sha256:
        return f"the object {picture.key} has the SHA-256 {digest}, the log says {picture.sha256}."
    return None
