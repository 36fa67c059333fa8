"""Ready means writable: a dependency that answers and takes no write is not ready, and the answer is cheap."""

import asyncio
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis

from app.api.operations.health import Health
from app.storage.folder import FolderStore
from domain.errors import QueueUnavailableError, StorageUnavailableError
from projections.log.redis_connection import check_redis


@contextmanager
def full_memory(redis: Redis) -> Iterator[None]:
    redis.config_set("maxmemory", 1)
    try:
        yield
    finally:
        redis.config_set("maxmemory", 0)


@contextmanager
def full_disk() -> Iterator[None]:
    """No file may grow, as on a full disk: names can still be made."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_redis_whose_memory_is_full_is_not_ready(valkey_url: str) -> None:
    with Redis.from_url(valkey_url) as redis:
        check_redis(redis)
        with full_memory(redis), pytest.raises(QueueUnavailableError):
            check_redis(redis)
        check_redis(redis)


def test_a_folder_whose_disk_is_full_is_not_ready(tmp_path: Path) -> None:
    store = FolderStore(tmp_path, lambda key, _lifetime: key)
    store.ping()
    with full_disk(), pytest.raises(StorageUnavailableError):
        store.ping()
    store.ping()

    assert list(store.keys("")) == []


def test_a_crowd_that_asks_at_once_costs_one_check() -> None:
    asked: list[None] = []
    health = Health({"storage": lambda: asked.append(None)})

    async def crowd() -> list[object]:
        answers = await asyncio.gather(*(health.readyz() for _ in range(50)))
        return [answer.content.checks for answer in [*answers, await health.readyz()]]

    assert asyncio.run(crowd()) == [{"storage": "ok"}] * 51
    assert len(asked) == 1
