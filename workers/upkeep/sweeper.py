"""The sweeper: a reader of the log that deletes the objects of expired and erased uploads.

Its position moves after the deletion, so a crash or a storage that is away delays it and skips nothing. An erasure has
deleted its objects itself by then, unless it was interrupted.
"""

from collections.abc import Sequence
from time import monotonic
from typing import Any, Final
from uuid import UUID

import psycopg
import structlog
from psycopg_pool import ConnectionPool

from domain.errors import StorageRefusedError, StorageUnavailableError
from domain.events import Erased, Expired
from domain.objects import Expiry, folder_of, is_picture
from domain.ports import BlobStore
from projections.log.event_log import EventLog, LoggedEvent
from projections.log.follower import UNHURRIED_SECONDS, Follower
from workers.queue.actors import SENDING_SECONDS

READER: Final = "sweeper"
PAGE: Final = 100
DELETES: Final = {Erased.NAME, Expired.NAME}

log = structlog.get_logger(__name__)


def sweeper(event_log: EventLog, pool: ConnectionPool[psycopg.Connection[Any]], blobs: BlobStore) -> Follower:
    """The reader of the log that empties the storage."""

    def sweep(_: psycopg.Connection[Any], page: Sequence[LoggedEvent]) -> int | None:
        until = monotonic() + SENDING_SECONDS
        for count, logged in enumerate(page, start=1):
            if logged.name == Erased.NAME:
                _delete(blobs, logged.upload_id, Expiry.EVERYTHING)
            elif logged.name == Expired.NAME:
                _delete(blobs, logged.upload_id, _objects_of(logged))
            if monotonic() > until:
                return count
        return None

    return Follower(READER, event_log, pool, sweep, page=PAGE, pause=UNHURRIED_SECONDS, concerns=DELETES)


def _objects_of(logged: LoggedEvent) -> Expiry | None:
    objects = logged.facts.get("objects")
    if objects not in set(Expiry):
        # It stays as it is; the next events must go on all the same.
        log.warning("sweeper.unreadable", upload_id=str(logged.upload_id), version=logged.version)
        return None
    return Expiry(objects)


def _delete(blobs: BlobStore, upload_id: UUID, objects: Expiry | None) -> None:
    if objects is None:
        return
    try:
        for key in list(blobs.keys(folder_of(upload_id))):
            if objects is Expiry.EVERYTHING or not is_picture(key):
                blobs.delete(key)
    except StorageRefusedError as error:
        # It waits for an operator; the other readers and the process go on.
        raise StorageUnavailableError(str(error)) from error
