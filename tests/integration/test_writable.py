"""Ready means writable: a dependency that answers and takes no write is not ready, and the answer is cheap."""

import asyncio
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from math import inf
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg_pool import ConnectionPool
from redis import Redis

from app.api.operations.health import Health
from app.embedded.postgres import EmbeddedPostgres
from app.limits.limits import Limits
from app.settings.environment import Settings
from app.storage import open_store
from app.storage.folder import FolderStore
from domain.errors import LogUnavailableError, QueueUnavailableError, StorageRefusedError, StorageUnavailableError
from projections.log.pools import open_pool
from projections.log.redis_connection import check_redis
from projections.log.schema import migrate
from projections.log.write_probe import check_postgres
from tests.fakes.s3 import FakeS3
from tests.fakes.s3_faults import status
from tests.servers import running_postgres


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


@contextmanager
def full_table(postgres: EmbeddedPostgres, table: str) -> Iterator[None]:
    """The file of the table lies on a device that is full."""
    with psycopg.connect(postgres.url) as connection:
        question = "SELECT current_setting('data_directory') || '/' || pg_relation_filepath(%s::regclass)"
        (path,) = connection.execute(question, (table,)).fetchone() or ("",)
    file = Path(path)
    kept = file.rename(file.with_suffix(".kept"))
    file.symlink_to("/dev/full")
    try:
        yield
    finally:
        kept.replace(file)


def test_a_postgresql_whose_disk_is_full_is_not_ready() -> None:
    with running_postgres() as postgres:
        migrate(postgres.url)
        with full_table(postgres, "write_probe"), open_pool(postgres.url, 1, "test") as pool:
            with pytest.raises(LogUnavailableError) as raised:
                check_postgres(pool)
            assert isinstance(raised.value.__cause__, psycopg.errors.DiskFull)
        with open_pool(postgres.url, 1, "test") as pool:
            check_postgres(pool)


def test_a_postgresql_that_only_reads_is_not_ready(database_url: str) -> None:
    with open_pool(database_url, 1, "test") as pool:
        check_postgres(pool)
        with pool.connection() as connection:
            connection.execute("SET default_transaction_read_only = on")
        with pytest.raises(LogUnavailableError):
            check_postgres(pool)


def test_the_probe_leaves_no_row(pool: ConnectionPool[psycopg.Connection[Any]]) -> None:
    check_postgres(pool)
    with pool.connection() as connection:
        assert connection.execute("SELECT count(*) FROM write_probe").fetchone() == (0,)


def test_a_bucket_that_refuses_writes_is_not_ready() -> None:
    with FakeS3() as s3:
        store = open_store(Settings.from_env(s3.environ), lambda key, _lifetime: key)
        s3.fail("PUT", "", status(403, "AccessDenied"), inf)
        for _ in range(2):
            with pytest.raises(StorageRefusedError):
                store.ping()


def test_a_bucket_is_written_to_once_for_many_questions_and_lists_nothing_of_it() -> None:
    with FakeS3() as s3:
        store = open_store(Settings.from_env(s3.environ), lambda key, _lifetime: key)
        for _ in range(10):
            store.ping()
        assert len(s3.ledger("", "PUT")) == 1
        assert list(store.keys("")) == []


def test_a_folder_whose_disk_is_full_is_not_ready(tmp_path: Path) -> None:
    store = FolderStore(tmp_path, lambda key, _lifetime: key)
    store.ping()
    with full_disk(), pytest.raises(StorageUnavailableError):
        store.ping()
    store.ping()

    assert list(store.keys("")) == []


def test_a_crowd_that_asks_at_once_costs_one_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.api.operations.health.REMEMBERED_SECONDS", 600)
    asked: list[None] = []
    health = Health({"storage": lambda: asked.append(None)}, Limits(Settings()), ())

    async def crowd() -> list[object]:
        answers = await asyncio.gather(*(health.checks() for _ in range(50)))
        return [*answers, await health.checks()]

    assert asyncio.run(crowd()) == [{"storage": "ok"}] * 51
    assert len(asked) == 1
