"""An append's prepared statement: it survives what a connection forgets, and keeps the errors of the driver."""

import dataclasses
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from msgspec.structs import replace

from domain.mapper import EventMapper
from projections.log.event_log import EventLog
from projections.log.pools import open_pool
from tests.integration.log.appends import Pool, stored_submission
from tests.unit.histories import submitted


def test_an_append_works_after_its_connection_forgot_all_statements(database_url: str) -> None:
    with open_pool(database_url, 1, "test") as pool:
        log = EventLog(pool)
        first = log.insert_events([stored_submission()])
        with pool.connection() as connection:
            connection.execute("DEALLOCATE ALL")

        assert log.insert_events([stored_submission()])[0] > first[0]


def test_an_append_works_on_every_new_connection(database_url: str, event_log: EventLog, pool: Pool) -> None:
    event_log.insert_events([stored_submission()])
    with pool.connection() as connection, psycopg.connect(database_url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 10000)", (connection.info.backend_pid,))

    assert event_log.insert_events([stored_submission()])


def test_a_text_with_a_nul_is_refused_and_not_cut_off(event_log: EventLog) -> None:
    event = replace(submitted().events[0], originator_id=uuid4(), actor="worker:a\0b")

    with pytest.raises(psycopg.DataError, match="cannot contain a NUL"):
        event_log.insert_events([EventMapper().to_stored_event(event)])
    assert event_log.last_position() == 0


def test_an_event_that_is_longer_than_a_socket_takes_at_once_is_appended(event_log: EventLog) -> None:
    event = stored_submission()
    long = dataclasses.replace(event, state=event.state[:-1] + b',"filler":"' + b"x" * 3_000_000 + b'"}')

    event_log.insert_events([long])

    assert len(event_log.read(0, 1)[0].state) > 3_000_000


def test_the_pool_still_commits_what_a_caller_began(event_log: EventLog, pool: Pool) -> None:
    stored: list[Any] = [stored_submission()]
    with pool.connection() as connection:
        connection.execute("BEGIN")
        connection.execute("INSERT INTO quarantine (upload_id, position, error) VALUES (%s, 1, 'x')", (uuid4(),))

    event_log.insert_events(stored)
    with pool.connection() as connection:
        assert connection.execute("SELECT count(*) FROM quarantine").fetchone() == (1,)
