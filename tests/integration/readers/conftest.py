"""A queue that remembers, and a real Valkey."""

from collections.abc import Iterator

import pytest
from redis import Redis

from projections.log.notifications import Wakeups
from tests.integration.readers.reading import Queue


@pytest.fixture
def queue() -> Queue:
    return Queue()


@pytest.fixture
def redis(valkey_url: str) -> Iterator[Redis]:
    with Redis.from_url(valkey_url, socket_timeout=2) as client:
        yield client


@pytest.fixture
def wakeups(redis: Redis) -> Iterator[Wakeups]:
    wakeups = Wakeups(redis)
    yield wakeups
    wakeups.close()
