"""The read models beside the live one: each in a schema of its own, with a row in `read_models`.

    being built ──swap──▶ live ──swap──▶ kept ──forget──▶ gone

schema.sql alone knows their structure: a schema is given the part of it that is the read model. The errors say what an
operator can do.

ReadModelError                what was asked cannot be done with the read models of this database
├── ReadModelBusyError        another command works on this read model
├── ReadModelRefusedError     the database does not allow it
└── ReadModelBackwardsError   rows would go back to older versions
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import psycopg
from msgspec import Struct
from psycopg import sql
from psycopg.rows import class_row

import domain
from domain.errors import DarkroomError
from projections.log.connections import translated
from projections.log.pools import Pool
from projections.log.schema import schema_sql

TABLES: Final = ("uploads", "results", "quarantine")
RULER: Final = f"-- {'-' * 117}\n"
"""Stands above and below each heading of schema.sql."""
HEADING: Final = "-- The read model:"
LOCK_SPACE: Final = 0x64726D  # "drm"

SELECT_LIVE: Final = "SELECT current_schema()"
SELECT_MODEL: Final = "SELECT * FROM read_models WHERE schema = %s"
SELECT_MODELS: Final = "SELECT * FROM read_models ORDER BY schema"
SELECT_SCHEMA: Final = "SELECT FROM pg_namespace WHERE nspname = %s"
INSERT_MODEL: Final = "INSERT INTO read_models (schema, until, code) VALUES (%s, %s, %s)"
MOVE_MODEL: Final = """
UPDATE read_models SET position = %s, updated_at = clock_timestamp() WHERE schema = %s
"""
DELETE_MODEL: Final = "DELETE FROM read_models WHERE schema = %s"
KEEP_MODEL: Final = """
INSERT INTO read_models (schema, position, code) VALUES (%s, %s, %s)
"""
OLD: Final = "that the last rebuild replaced"
NEW: Final = "that the last rebuild made"
"""Which of two the kept one is, as its row says it in place of the code."""
TRY_LOCK: Final = "SELECT pg_try_advisory_lock(%s, hashtext(%s))"
UNLOCK: Final = "SELECT pg_advisory_unlock(%s, hashtext(%s))"
SET_PATH: Final = "SELECT set_config('search_path', %s, true)"


class ReadModelError(DarkroomError):
    """This cannot be done with the read models of this database."""


class ReadModelBusyError(ReadModelError):
    """Another command works on this read model. Wait until it has ended."""


class ReadModelRefusedError(ReadModelError):
    """The database does not allow it. Use the role that runs `darkroom migrate`: it owns the tables."""


class ReadModelBackwardsError(ReadModelError):
    """Rows would go back to older versions, because this code cannot apply their events."""


class ReadModel(Struct, frozen=True, kw_only=True):
    """A row of `read_models`."""

    schema: str
    position: int
    until: int | None
    code: str
    began_at: datetime
    updated_at: datetime


@contextmanager
def held(pool: Pool, schema: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection that holds the lock of a schema while the context lasts. Raises ReadModelError."""
    with translated(), pool.connection() as connection:
        (free,) = connection.execute(TRY_LOCK, (LOCK_SPACE, schema)).fetchone() or (False,)
        if not free:
            raise ReadModelBusyError(
                f"Another command works on the read model in schema {schema}. Wait until it has ended."
            )
        try:
            yield connection
        except psycopg.errors.InsufficientPrivilege as error:
            raise ReadModelRefusedError(
                f"The database does not allow it: {error.diag.message_primary}. Use the role that runs "
                "`darkroom migrate`: it owns the tables."
            ) from error
        finally:
            with suppress(psycopg.Error):
                connection.execute(UNLOCK, (LOCK_SPACE, schema))


def live_schema(connection: psycopg.Connection[Any]) -> str:
    """The schema of the live read model."""
    (name,) = connection.execute(SELECT_LIVE).fetchone() or ("public",)
    return str(name)


def model_of(connection: psycopg.Connection[Any], schema: str) -> ReadModel | None:
    """The read model of a schema."""
    return connection.cursor(row_factory=class_row(ReadModel)).execute(SELECT_MODEL, (schema,)).fetchone()


def models(connection: psycopg.Connection[Any]) -> list[ReadModel]:
    """All read models beside the live one."""
    return connection.cursor(row_factory=class_row(ReadModel)).execute(SELECT_MODELS).fetchall()


def look_in(connection: psycopg.Connection[Any], *schemas: str) -> None:
    """Let the rest of the transaction find tables in these schemas, in this order."""
    connection.execute(SET_PATH, (", ".join(_quoted(schema) for schema in schemas),))


def open_model(connection: psycopg.Connection[Any], schema: str, until: int | None) -> ReadModel:
    """The read model of a schema, with today's structure. One that other code began is made anew.

    Raises ReadModelError for a schema that is not one of ours.
    """
    with connection.transaction():
        refuse_strange(connection, schema)
        live, found = live_schema(connection), model_of(connection, schema)
        if found and (found.code, found.until) != (code(), until):
            drop_model(connection, schema)
            found = None
        if found is None:
            connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
            connection.execute(INSERT_MODEL, (schema, until, code()))
        _structure(connection, schema, live)
        opened = model_of(connection, schema)
    assert opened is not None  # noqa: S101 - inserted above, and its lock is held
    return opened


def refuse_strange(connection: psycopg.Connection[Any], schema: str) -> None:
    """Raises ReadModelError for a schema that exists and is not one of ours: what is in it is not ours to drop."""
    if model_of(connection, schema) is None and connection.execute(SELECT_SCHEMA, (schema,)).rowcount:
        raise ReadModelError(
            f"There is a schema {schema} already, and it is none of Darkroom's read models. Rename it, or choose "
            "another name."
        )


def reopen_model(connection: psycopg.Connection[Any], schema: str) -> ReadModel | None:
    """A read model whatever code built it, with today's structure; None if there is none."""
    with connection.transaction():
        found = model_of(connection, schema)
        if found:
            _structure(connection, schema, live_schema(connection))
    return found


def drop_model(connection: psycopg.Connection[Any], schema: str) -> bool:
    """Drop a read model and its schema, in the transaction of the caller; False if there is none."""
    if not connection.execute(DELETE_MODEL, (schema,)).rowcount:
        return False
    connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema)))
    return True


def note_kept(connection: psycopg.Connection[Any], built: str, kept: str, position: int, which: str) -> None:
    """Note that what was built is live now, and that the other one, OLD or NEW, is kept at this position."""
    for schema in {built, kept}:
        connection.execute(DELETE_MODEL, (schema,))
    connection.execute(KEEP_MODEL, (kept, position, which))


def _structure(connection: psycopg.Connection[Any], schema: str, live: str) -> None:
    look_in(connection, schema, live)
    connection.execute(read_model_sql().encode())
    look_in(connection, live)


@cache
def read_model_sql() -> str:
    """The part of schema.sql that is the read model."""
    parts = schema_sql().split(RULER)
    (body,) = (parts[index + 1] for index, part in enumerate(parts) if part.startswith(HEADING))
    return body


@cache
def code() -> str:
    """The hash of all that decides what the rows are: the structure, the events, the fold and the projection."""
    folders = (Path(domain.__file__ or "").parent, Path(__file__).parent)
    files = (file.read_bytes() for folder in folders for file in sorted(folder.glob("*.py")))
    return sha256(b"".join([read_model_sql().encode(), *files])).hexdigest()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
