"""The wait for an append's answer ends when it is overdue, and no other wait ends with it."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import psycopg
import pytest

from domain.errors import LogUnavailableError
from projections.log.appending import APPEND_LOCK
from projections.log.connections import SILENCE_SECONDS
from projections.log.event_log import EventLog
from projections.log.pools import open_pool
from projections.log.prepared import Watch
from projections.log.schema import migrate
from tests.integration.log.appends import stored_submission, wait_for_lock
from tests.linux_processes import frozen
from tests.servers import running_postgres
from tests.waiting import until

HOLD = "SELECT pg_advisory_lock(%s)"


def test_all_appends_that_wait_at_once_are_given_up() -> None:
    with running_postgres() as postgres, open_pool(postgres.url, 4, "test", statement_seconds=0.5) as pool:
        migrate(postgres.url)
        event_log = EventLog(pool)
        for _ in range(2):  # the second time, the thread that looks has slept
            for connection in [pool.getconn(60) for _ in range(4)]:
                pool.putconn(connection)
            with frozen(postgres.pid), ThreadPoolExecutor(4) as threads:
                waiting = [threads.submit(event_log.insert_events, [stored_submission()]) for _ in range(4)]
                assert [type(append.exception(60)) for append in waiting] == [LogUnavailableError] * 4
            until(lambda: answers(event_log), "it is away for good")


def test_an_append_in_time_is_not_ended_with_one_that_is_overdue(database_url: str, event_log: EventLog) -> None:
    with running_postgres() as other, open_pool(other.url, 1, "test", statement_seconds=0.2) as pool:
        migrate(other.url)
        EventLog(pool).insert_events([stored_submission()])
        with psycopg.connect(database_url) as holding, ThreadPoolExecutor(1) as threads:
            holding.execute(HOLD, (APPEND_LOCK,))
            patient = threads.submit(event_log.insert_events, [stored_submission()])
            wait_for_lock(database_url)
            with frozen(other.pid), pytest.raises(LogUnavailableError):
                EventLog(pool).insert_events([stored_submission()])
            holding.close()

            assert patient.result(60)


def test_an_append_that_postgresql_itself_ends_says_why(database_url: str) -> None:
    with (
        open_pool(database_url, 1, "test", statement_seconds=0.2) as pool,
        psycopg.connect(database_url) as holding,
    ):
        holding.execute(HOLD, (APPEND_LOCK,))
        with pytest.raises(LogUnavailableError) as raised:
            EventLog(pool).insert_events([stored_submission()])
    assert "statement timeout" in str(raised.value.__cause__)


@pytest.mark.parametrize("lost", [OSError(), psycopg.OperationalError()])
def test_a_connection_that_is_lost_when_it_is_overdue_does_not_end_the_watch(lost: Exception) -> None:
    watch, connection = Watch(), Lost(lost)

    def wait_until_it_is_given_up() -> None:
        until(lambda: not vars(watch)["_due"], "no thread looks")

    for _ in range(2):
        with pytest.raises(psycopg.OperationalError, match="did not answer in time"):
            watch.answer(cast("Any", connection), cast("Any", wait_until_it_is_given_up))


class Lost:
    """A connection without a socket, whose answer is overdue at once."""

    statement_seconds = -SILENCE_SECONDS

    def __init__(self, error: Exception) -> None:
        self._error = error
        self.pgconn = self

    @property
    def socket(self) -> int:
        raise self._error


def answers(event_log: EventLog) -> bool:
    try:
        return event_log.last_position() >= 0
    except LogUnavailableError:
        return False
