"""The two lanes of the queue: runs of a client that sent many photos in the last minute wait behind the others.

    runs          the first few of each client
    runs_behind   all more; they leave threads and image children to the others (workers/confinement/image_slots.py)

The API marks such an upload before it is submitted. Redis keeps the mark for an hour: one that it forgets runs with the
others. A mark says nothing of who the client is.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Final
from uuid import UUID

from redis import Redis
from redis.exceptions import RedisError

FIRST: Final = "runs"
BEHIND: Final = "runs_behind"
LANES: Final = (FIRST, BEHIND)
MARK: Final = "darkroom:behind:"
LIFETIME: Final = timedelta(hours=1)


def threads_of_lanes(threads: int) -> dict[str, int]:
    """How many runs of each lane a worker process does at a time. Behind a quarter stays free, where there are two."""
    return {FIRST: threads, BEHIND: max(1, threads - max(1, threads // 4))}


def put_behind(redis: Redis, upload_id: UUID) -> None:
    """Mark an upload. While Redis is away it is not marked."""
    with suppress(RedisError):
        redis.set(f"{MARK}{upload_id}", 1, ex=LIFETIME)


def standing_behind(redis: Redis, upload_ids: Sequence[UUID]) -> set[UUID]:
    """Those of the uploads that are marked. While Redis is away, none is known to be."""
    with suppress(RedisError):
        marks = redis.mget([f"{MARK}{upload_id}" for upload_id in upload_ids])
        return {upload_id for upload_id, mark in zip(upload_ids, marks, strict=True) if mark}
    return set()


def lane_of(redis: Redis, upload_id: UUID) -> str:
    """The queue of the upload's runs. Raises RedisError."""
    return BEHIND if redis.exists(f"{MARK}{upload_id}") else FIRST
