"""What the domain asks of the world, as protocols that adapters fulfil and the composition root hands in."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import BinaryIO, Protocol
from uuid import UUID

Clock = Callable[[], datetime]
"""Tells the time, in UTC."""


class BlobStore(Protocol):
    """The object storage. A key is made of `/`-separated segments of letters, digits, `.`, `_` and `-`.

    Every call is bounded in time. Errors: StorageUnavailableError when it may work later,
    StorageRefusedError when it will not, BlobNotFoundError for a key that is not there.
    """

    def put(self, key: str, body: BinaryIO, media_type: str) -> None:
        """Store the rest of the body under the key, all of it or nothing, replacing what was there."""

    def get(self, key: str) -> bytes:
        """The whole object."""

    def keys(self, prefix: str) -> Iterator[str]:
        """Every key that starts with the prefix, in order."""

    def delete(self, key: str) -> None:
        """Remove the object; a key that is not there is no error."""

    def signed_url(self, key: str, lifetime: timedelta) -> str:
        """A URL that serves the object to whoever has it, for that long: absolute, or a path of our own API."""

    def ping(self) -> None:
        """Return if the storage answers."""


class RunQueue(Protocol):
    """The queue of runs. It carries an upload's id and nothing else, and may lose or repeat it."""

    def send(self, upload_id: UUID) -> None:
        """Ask for a run of the upload. Raises QueueUnavailableError within 2 s."""


class Notifier(Protocol):
    """Wakes the readers of the log after an append. A lost notification costs a poll interval, never an event."""

    def notify(self) -> None:
        """Tell the readers that there is something new; returns at once, whatever happens."""
