"""What becomes of an append when the server is away, read-only, gone or silent."""

from uuid import uuid4

import psycopg
import pytest

from domain.errors import LogUnavailableError
from domain.uploads import Uploads
from projections.log.event_log import EventLog
from projections.log.pools import open_pool
from projections.log.schema import migrate
from tests.fakes.silent_notifier import SilentNotifier
from tests.integration.log.appends import stored_submission
from tests.linux_processes import frozen
from tests.servers import running_postgres
from tests.submissions import submit
from tests.waiting import until
from workers.queue.leases import Leases


def test_a_database_that_cannot_be_reached_is_unavailable() -> None:
    with open_pool("postgresql:///nowhere?host=/nonexistent", 1, "test") as pool:
        pool.timeout = 0.1
        with pytest.raises(LogUnavailableError):
            EventLog(pool).last_position()


def test_a_database_that_is_read_only_is_unavailable(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        name = connection.info.dbname
        connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on".encode())
    with open_pool(database_url, 1, "test") as pool:
        with pytest.raises(LogUnavailableError):
            submit(Uploads(EventLog(pool), SilentNotifier()))
        with pytest.raises(LogUnavailableError):
            Leases(pool, "w").take(uuid4())


def test_a_connection_that_the_server_has_closed_causes_no_error(database_url: str) -> None:
    with open_pool(database_url, 1, "test") as pool, psycopg.connect(database_url) as other:
        with pool.connection() as connection:
            ended = connection.info.backend_pid
        other.execute("SELECT pg_terminate_backend(%s, 10000)", (ended,))

        EventLog(pool).insert_events([stored_submission()])


def test_an_append_is_planned_once_for_a_connection(database_url: str) -> None:
    with open_pool(database_url, 1, "test") as pool:
        for _ in range(10):
            EventLog(pool).insert_events([stored_submission()])
        with pool.connection() as connection:
            plans = "SELECT custom_plans, generic_plans FROM pg_prepared_statements WHERE statement LIKE '%INSERT%'"
            assert connection.execute(plans).fetchall() == [(5, 5)], "five times it tries whether values help"


def test_a_server_that_stands_still_is_given_up_and_asked_again() -> None:
    with running_postgres() as postgres, open_pool(postgres.url, 1, "test", statement_seconds=0.5) as pool:
        migrate(postgres.url)
        event_log = EventLog(pool)
        assert event_log.last_position() == 0
        with frozen(postgres.pid):
            for _ in range(2):
                with pytest.raises(LogUnavailableError):
                    event_log.last_position()
        until(lambda: answers(event_log), "it is away for good")


def test_an_append_that_gets_no_answer_is_given_up_and_the_next_one_works() -> None:
    with running_postgres() as postgres, open_pool(postgres.url, 1, "test", statement_seconds=0.5) as pool:
        migrate(postgres.url)
        event_log = EventLog(pool)
        event_log.insert_events([stored_submission()])
        with frozen(postgres.pid), pytest.raises(LogUnavailableError):
            event_log.insert_events([stored_submission()])
        until(lambda: appends(event_log), "it is away for good")


def appends(event_log: EventLog) -> bool:
    try:
        return bool(event_log.insert_events([stored_submission()]))
    except LogUnavailableError:
        return False


def answers(event_log: EventLog) -> bool:
    try:
        return event_log.last_position() == 0
    except LogUnavailableError:
        return False
