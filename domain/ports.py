"""The interfaces that the domain needs from outside. Adapters implement them; the composition root passes them in."""

from collections.abc import Callable, Collection, Iterator
from datetime import datetime, timedelta
from typing import BinaryIO, Protocol
from uuid import UUID

Clock = Callable[[], datetime]
"""Returns the current time, in UTC."""


class BlobStore(Protocol):
    """The object storage. A key consists of segments of letters, digits, `.`, `_` and `-`, separated by `/`.

    Every call has a time limit. Raises StorageUnavailableError if a later call may succeed,
    StorageRefusedError if it will not, BlobNotFoundError if the key does not exist.
    """

    def spool(self) -> BinaryIO:
        """A file for a body that is on its way in, gone when it is closed.

        `put` need not copy it, so nothing may be written to it afterwards.
        """

    def put(self, key: str, body: BinaryIO, media_type: str) -> None:
        """Store the rest of the body under the key, completely or not at all. Replaces an existing object."""

    def get(self, key: str) -> bytes:
        """The whole object."""

    def keys(self, prefix: str) -> Iterator[str]:
        """Every key that starts with the prefix, in order."""

    def delete(self, key: str) -> None:
        """Delete the object. A missing key is not an error."""

    def signed_url(self, key: str, lifetime: timedelta) -> str:
        """A URL that serves the object without authentication, for that long. Absolute, or a path of our API."""

    def ping(self) -> None:
        """Return if the storage answers and takes writes."""


class RunQueue(Protocol):
    """The queue of runs. A message contains an upload id only. Messages may be lost or repeated."""

    def send(self, upload_id: UUID) -> None:
        """Enqueue a run of the upload. Raises QueueUnavailableError within 2 s."""


class Notifier(Protocol):
    """Wakes the readers of the log after an append. A lost notification costs a poll interval, never an event."""

    def notify(self, names: Collection[str], /) -> None:
        """Tell the readers that events with these names were appended. Never blocks and never raises."""
