"""Held polls and the stream: what a client is told as it happens, over real sockets and Redis."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.api.status.holding import RECHECK_SECONDS
from tests.integration.api.waiting.scenes import NEVER, Scene, running_scene


@pytest.fixture
def scene(database_url: str, valkey_url: str, tmp_path: Path) -> Iterator[Scene]:
    """A serving process that hears of every step."""
    with running_scene(database_url, tmp_path, valkey_url, valkey_url, NEVER) as scene:
        yield scene


@pytest.fixture
def deaf_scene(database_url: str, valkey_url: str, tmp_path: Path) -> Iterator[Scene]:
    """A serving process that cannot reach Redis, and looks by itself as it does in life."""
    with running_scene(database_url, tmp_path, valkey_url, "unix:///nonexistent", RECHECK_SECONDS) as scene:
        yield scene
