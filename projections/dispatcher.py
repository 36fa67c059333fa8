"""The dispatcher: submissions and retries in the log become runs in the queue, at least once.

It sends before its position moves, so a crash in between sends again; the run that comes second finds nothing to do.
"""

from collections.abc import Sequence
from typing import Any, Final

import psycopg
from psycopg_pool import ConnectionPool

from domain.events import Retried, Submitted
from domain.ports import RunQueue
from projections.follower import Follower
from projections.log import EventLog, LoggedEvent

READER: Final = "dispatcher"
PAGE: Final = 100
"""So small that a slow Redis takes a page of messages before PostgreSQL takes us, who hold the position, for frozen."""
STARTS: Final = {Submitted.NAME, Retried.NAME}
"""The events that ask for a run."""


def dispatcher(event_log: EventLog, pool: ConnectionPool[psycopg.Connection[Any]], queue: RunQueue) -> Follower:
    """The reader of the log that feeds the queue."""

    def send(_: psycopg.Connection[Any], page: Sequence[LoggedEvent]) -> None:
        for logged in page:
            if logged.name in STARTS:
                queue.send(logged.upload_id)

    return Follower(READER, event_log, pool, send, page=PAGE)
