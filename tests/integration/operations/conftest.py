"""The API over a real PostgreSQL, a real Valkey and a folder, and uploads in them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from projections.queries import figures
from tests.integration.operations.scrapes import Scene, running_api
from tests.lives import Lives
from tests.waiting import BUSY_SECONDS


@pytest.fixture(autouse=True)
def _every_scrape_asks_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.api.operations.metrics.FRESH_SECONDS", -1)


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scrape leaves nothing out because the machine is busy."""
    monkeypatch.setattr("app.api.operations.metrics.SCRAPE_SECONDS", BUSY_SECONDS)
    for bound in ("READ_SECONDS", "CONNECTION_SECONDS"):
        monkeypatch.setattr(figures, bound, BUSY_SECONDS)
    monkeypatch.setattr(figures, "LIMITS", f"SET LOCAL statement_timeout = {BUSY_SECONDS * 1000:.0f}")


@pytest.fixture
def scene(database_url: str, valkey_url: str, tmp_path: Path) -> Iterator[Scene]:
    with running_api(tmp_path, database_url=database_url, redis_url=valkey_url) as scene:
        yield scene


@pytest.fixture
def lives(database_url: str, tmp_path: Path) -> Iterator[Lives]:
    with Lives(database_url, tmp_path / "lives") as lives:
        yield lives


@pytest.fixture
def redis(valkey_url: str) -> Iterator[Redis]:
    with Redis.from_url(valkey_url) as redis:
        yield redis
        redis.config_set("maxmemory-policy", "noeviction")
