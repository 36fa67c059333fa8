"""Our pool hands connections out with little Python, and keeps what the library promises."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from psycopg_pool import PoolClosed, PoolTimeout

from projections.log.connections import Pool, open_pool
from tests.waiting import until


@pytest.fixture
def single(database_url: str) -> Iterator[Pool]:
    """A pool of one connection."""
    with open_pool(database_url, 1, "test") as pool:
        yield pool


def backend(pool: Pool) -> int:
    with pool.connection() as connection:
        return connection.info.backend_pid


def test_a_connection_that_is_given_back_goes_to_the_thread_that_waits(single: Pool) -> None:
    with ThreadPoolExecutor(1) as thread:
        taken = single.getconn()
        waits = thread.submit(backend, single)
        until(lambda: single.get_stats()["requests_waiting"] == 1, "it does not wait")
        single.putconn(taken)
        assert waits.result() == taken.info.backend_pid


def test_a_pool_never_holds_more_than_its_size(single: Pool) -> None:
    taken = single.getconn()
    with pytest.raises(PoolTimeout):
        single.getconn(0.05)
    single.putconn(taken)

    assert single.get_stats()["pool_size"] == 1
    assert single.get_stats()["requests_num"] == 2


def test_a_connection_that_was_left_in_a_transaction_comes_back_without_it(single: Pool) -> None:
    taken = single.getconn()
    taken.execute("BEGIN")
    single.putconn(taken)

    with single.connection() as connection:
        assert connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE


def test_a_connection_that_broke_is_replaced(single: Pool) -> None:
    taken = single.getconn()
    broken = taken.info.backend_pid
    taken.close()
    single.putconn(taken)

    assert backend(single) != broken


def test_a_connection_that_was_out_when_the_pool_was_drained_is_replaced(single: Pool) -> None:
    taken = single.getconn()
    single.drain()
    single.putconn(taken)

    assert taken.closed
    assert backend(single)


def test_a_connection_of_another_pool_is_refused(single: Pool, pool: Pool) -> None:
    taken = pool.getconn()
    with pytest.raises(ValueError, match="can't return connection"):
        single.putconn(taken)
    pool.putconn(taken)


def test_a_closed_pool_gives_none_and_closes_what_is_given_back(database_url: str) -> None:
    pool = open_pool(database_url, 1, "test")
    taken = pool.getconn()
    pool.close()
    pool.putconn(taken)

    assert taken.closed
    with pytest.raises(PoolClosed):
        pool.getconn()
