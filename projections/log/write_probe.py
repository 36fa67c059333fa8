"""Checks that PostgreSQL takes writes: a server whose disk is full, or a standby, still answers every question."""

from typing import Any, Final

import psycopg
from psycopg_pool import ConnectionPool

from projections.log.connections import translated

# A row fills a page, so that PostgreSQL has to make the file of the table longer, as an append does sooner or later.
FILLER: Final = "x" * 7000
PROBE: Final = "INSERT INTO write_probe (filler) VALUES (%s)"


def check_postgres(pool: ConnectionPool[psycopg.Connection[Any]]) -> None:
    """Return if a row can be written; it is rolled back. Raises LogUnavailableError or psycopg.Error."""
    with translated(), pool.connection() as connection, connection.transaction(force_rollback=True):
        connection.execute(PROBE, (FILLER,))
