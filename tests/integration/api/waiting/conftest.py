"""Held polls and the stream: what a client is told as it happens, over real sockets and Redis."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.api.waiting.scenes import Scene, scenes


@pytest.fixture
def scene(database_url: str, valkey_url: str, tmp_path: Path) -> Iterator[Scene]:
    """A serving process that hears of every step."""
    yield from scenes(database_url, tmp_path, valkey_url, valkey_url)


@pytest.fixture
def deaf_scene(database_url: str, valkey_url: str, tmp_path: Path) -> Iterator[Scene]:
    """A serving process that cannot reach Redis."""
    yield from scenes(database_url, tmp_path, valkey_url, "unix:///nonexistent")
