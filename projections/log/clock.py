"""The clock of the log: PostgreSQL's own, by which events are recorded."""

from datetime import datetime
from typing import Any

import psycopg

from projections.log.connections import translated


def read_clock(connection: psycopg.Connection[Any]) -> datetime:
    """The time now, not that of the transaction. Raises LogUnavailableError."""
    with translated():
        ((now,),) = connection.execute("SELECT clock_timestamp()").fetchall()
    return now  # type: ignore[no-any-return] # of the driver, which types no column
