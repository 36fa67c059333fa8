"""The pool of threads hands on what is given back. It loses no connection, and keeps none for ever."""

import threading
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from psycopg_pool import PoolClosed, PoolTimeout

from projections.log import pools
from projections.log.pools import open_pool
from tests.waiting import until


def test_every_thread_gets_a_connection_however_many_there_are(database_url: str) -> None:
    with open_pool(database_url, 2, "test") as pool, ThreadPoolExecutor(8) as threads:

        def ask(_: int) -> object:
            with pool.connection(60) as connection:
                return connection.execute("SELECT 1").fetchone()

        assert set(threads.map(ask, range(2_000))) == {(1,)}
        assert pool.get_stats()["pool_size"] <= 2


def test_a_thread_that_waits_is_given_the_next_connection(database_url: str) -> None:
    with open_pool(database_url, 1, "test") as pool:
        connection = pool.getconn()
        given: list[psycopg.Connection] = []
        thread = threading.Thread(target=lambda: given.append(pool.getconn(60)))
        thread.start()
        until(lambda: pool.get_stats()["requests_waiting"] == 1, "the thread does not wait")
        pool.putconn(connection)
        thread.join(60)
        assert given == [connection]
        with pytest.raises(PoolTimeout):
            pool.getconn(0.05)
        pool.putconn(connection)


def test_the_library_sees_a_connection_again_after_a_while(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_pool(database_url, 1, "test") as pool:
        monkeypatch.setattr(pools, "SPARE_SECONDS", 60)
        pool.putconn(pool.getconn())
        pool.putconn(spare := pool.getconn())
        assert pool.get_stats()["requests_num"] == 1

        monkeypatch.setattr(spare, "spare_until", 0)
        pool.putconn(pool.getconn())
        pool.putconn(pool.getconn())
        assert pool.get_stats()["requests_num"] == 2


def test_a_pool_that_is_closed_closes_what_it_has_and_hands_on_nothing(database_url: str) -> None:
    with open_pool(database_url, 2, "test") as pool:
        used, spare = pool.getconn(), pool.getconn()
        pool.putconn(spare)
    assert spare.closed
    with pytest.raises(PoolClosed):
        pool.getconn()

    pool.putconn(used)
    assert used.closed
    with pytest.raises(PoolClosed):
        pool.getconn()


def test_a_transaction_that_was_left_open_is_ended_before_the_connection_is_handed_on(database_url: str) -> None:
    with open_pool(database_url, 1, "test") as pool:
        connection = pool.getconn()
        connection.execute("BEGIN")
        connection.execute("CREATE TABLE left_open ()")
        pool.putconn(connection)

        with pool.connection() as connection:
            assert connection.execute("SELECT to_regclass('left_open')").fetchone() == (None,)


def test_a_connection_that_was_lost_is_replaced(database_url: str) -> None:
    with open_pool(database_url, 1, "test") as pool, psycopg.connect(database_url, autocommit=True) as other:
        with pool.connection() as connection:
            other.execute("SELECT pg_terminate_backend(%s, 10000)", (connection.info.backend_pid,))
            with pytest.raises(psycopg.OperationalError):
                connection.execute("SELECT 1")

        with pool.connection() as replaced:
            assert replaced.execute("SELECT 1").fetchone() == (1,)
