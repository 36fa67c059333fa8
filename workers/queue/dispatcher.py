"""The dispatcher: submissions, retries and what staff re-enqueue in the log become runs in the queue, at least once.

It sends before its position moves, so a crash in between sends again; the run that comes second finds nothing to do.
"""

from collections.abc import Sequence
from time import monotonic
from typing import Any, Final

import psycopg
from psycopg_pool import ConnectionPool

from domain.events import Requeued, Retried, Submitted
from domain.ports import RunQueue
from projections.log.event_log import EventLog, LoggedEvent
from projections.log.follower import Follower
from workers.queue.actors import SENDING_SECONDS

READER: Final = "dispatcher"
PAGE: Final = 100
STARTS: Final = {Submitted.NAME, Retried.NAME, Requeued.NAME}
"""The events that ask for a run."""


def dispatcher(event_log: EventLog, pool: ConnectionPool[psycopg.Connection[Any]], queue: RunQueue) -> Follower:
    """The reader of the log that feeds the queue."""

    def send(_: psycopg.Connection[Any], page: Sequence[LoggedEvent]) -> int | None:
        until = monotonic() + SENDING_SECONDS
        for count, logged in enumerate(page, start=1):
            if logged.name in STARTS:
                queue.send(logged.upload_id)
            if monotonic() > until:
                return count
        return None

    return Follower(READER, event_log, pool, send, page=PAGE, concerns=STARTS)
