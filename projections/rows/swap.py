"""Puts a read model that was built beside the live one into its place, in one short transaction.

The tables change their schema and keep their names, and so do their indexes and constraints. Queries that wait for it
go on with the new tables; prepared statements are planned anew. Views over the tables are made again, and who may read
and write the old tables may do so with the new ones. The projector waits for the row of its position meanwhile, so both
read models are at the same event.
"""

import time
from collections.abc import Iterator, Sequence
from typing import Any, Final, LiteralString, NamedTuple

import psycopg
from psycopg import sql

from projections.rows import models, projector
from projections.rows.builder import Builder
from projections.rows.models import OLD, TABLES, ReadModelError

TRIES: Final = 60
PAUSE_SECONDS: Final = 1.0
"""Between two tries. Queries that came while one try waited are answered in it."""
PROJECTOR_SECONDS: Final = 5
"""How long one try waits for the projector to end its page. No poll waits for that."""
TABLES_MILLISECONDS: Final = 200
"""How long one try waits for the tables and the views over them. Every poll that comes meanwhile waits behind it."""

LIMIT_WAIT: Final = "SELECT set_config('lock_timeout', %s, true)"
SELECT_POSITION: Final = "SELECT position FROM positions WHERE reader = %s"
MOVE_POSITION: Final = """
UPDATE positions SET position = %s, updated_at = clock_timestamp() WHERE reader = %s AND position < %s
"""
SELECT_VIEWS: Final = """
SELECT DISTINCT n.nspname, c.relname, coalesce(array_to_string(c.reloptions, ', '), ''), pg_get_viewdef(c.oid)
FROM pg_depend d JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
JOIN pg_class c ON c.oid = r.ev_class AND c.relkind = 'v' JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid IN (
    SELECT oid FROM pg_class WHERE relnamespace = to_regnamespace(quote_ident(%s)) AND relname = ANY(%s))
"""
SELECT_OWNERS: Final = """
SELECT relname, pg_get_userbyid(relowner) FROM pg_class
WHERE relnamespace = to_regnamespace(quote_ident(%s)) AND relname = ANY(%s)
  AND pg_get_userbyid(relowner) <> current_user
"""
SELECT_GRANTS: Final = """
SELECT c.relname, a.privilege_type, CASE WHEN a.grantee <> 0 THEN pg_get_userbyid(a.grantee) END, a.is_grantable
FROM pg_class c, aclexplode(c.relacl) a
WHERE c.relnamespace = to_regnamespace(quote_ident(%s)) AND c.relname = ANY(%s)
"""
SELECT_COLUMNS: Final = """
SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
WHERE c.relnamespace = to_regnamespace(quote_ident(%s)) AND c.relname = ANY(%s) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY 1, 2
"""
SELECT_HOLDERS: Final = """
SELECT DISTINCT a.pid, a.application_name, a.usename FROM pg_locks l JOIN pg_stat_activity a USING (pid)
WHERE l.relation IN (SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                     WHERE n.nspname = ANY(%s) AND c.relname = ANY(%s)) AND l.granted AND a.pid <> pg_backend_pid()
"""


class Swapped(NamedTuple):
    """The positions of the old and the new read model at the swap. They differ where the old one was behind."""

    old: int
    new: int


def live_position(connection: psycopg.Connection[Any]) -> int:
    """The position of the live read model."""
    row = connection.execute(SELECT_POSITION, (projector.READER,)).fetchone()
    return int(row[0]) if row else 0


def swap(builder: Builder, kept: str, which: str = OLD) -> Swapped:
    """Make the built read model the live one, and keep the live one, OLD or NEW, in the schema `kept`.

    Raises ReadModelError.
    """
    for _ in range(TRIES):
        builder.build(live_position(builder.connection))
        try:
            if swapped := _try(builder, kept, which):
                return swapped
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
            time.sleep(PAUSE_SECONDS)
    holders = builder.connection.execute(SELECT_HOLDERS, ([builder.live, kept], list(TABLES))).fetchall()
    named = ", ".join(f"{application or user} (process {pid})" for pid, application, user in holders)
    raise ReadModelError(
        f"The new read model waits in schema {builder.schema}, because the tables of the live one, or of the one in "
        f"{kept}, were in use for {TRIES} tries{f', now by {named}' if named else ''}. Run the same command again: it "
        "goes on from there."
    )


def _try(builder: Builder, kept: str, which: str) -> Swapped | None:
    """One try; None if the projector has gone on so far that it must be followed first."""
    connection, live = builder.connection, builder.live
    with connection.transaction():
        connection.execute(LIMIT_WAIT, (f"{PROJECTOR_SECONDS}s",))
        row = connection.execute(projector.LOCK_POSITION, (projector.READER,)).fetchone()
        old = int(row[0]) if row else 0
        if old - builder.position > projector.PAGE:
            return None
        reached = builder.build_within(old)
        models.look_in(connection, live)
        models.note_kept(connection, builder.schema, kept, old, which)
        connection.execute(MOVE_POSITION, (reached, projector.READER, reached))
        _exchange(builder, kept)
    builder.position = reached
    return Swapped(old, reached)


def _exchange(builder: Builder, kept: str) -> None:
    """All that may wait or takes a round trip comes before the lock, behind which every poll waits."""
    connection, live, built = builder.connection, builder.live, builder.schema
    connection.execute(_lock(live, "ACCESS SHARE", *TABLES))  # no migration changes them from here on
    _check_structure(connection, live, built)
    aside = f"{built}_aside"
    moves = [
        sql.SQL("ALTER TABLE {} SET SCHEMA {}").format(sql.Identifier(origin, table), sql.Identifier(target))
        for origin, target in ((live, aside), (built, live))
        for table in TABLES
    ]
    views = list(_views(connection, live))
    moves += [*_rights(connection, live), *views]
    moves.append(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(built)))
    moves.append(sql.SQL("ALTER SCHEMA {} RENAME TO {}").format(sql.Identifier(aside), sql.Identifier(kept)))
    if kept != built:
        connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(kept)))
    connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(aside)))
    # Queries lock a view before its tables: take the locks in the same order.
    _take_locks(connection, [*views, *(_lock(live, "ACCESS EXCLUSIVE", table) for table in TABLES)])
    connection.execute(sql.SQL("; ").join(moves))


def _lock(live: str, mode: LiteralString, *tables: str) -> sql.Composed:
    names = sql.SQL(", ").join(sql.Identifier(live, table) for table in tables)
    return sql.SQL("LOCK TABLE {} IN {} MODE").format(names, sql.SQL(mode))


def _take_locks(connection: psycopg.Connection[Any], statements: Sequence[sql.Composed]) -> None:
    """Run them within TABLES_MILLISECONDS in sum: PostgreSQL's own limit begins anew for each lock."""
    end = time.monotonic() + TABLES_MILLISECONDS / 1000
    for statement in statements:
        left = max(round((end - time.monotonic()) * 1000), 1)
        connection.execute(LIMIT_WAIT, (f"{left}ms",))
        connection.execute(statement)


def check_structure(builder: Builder) -> None:
    """Raises ReadModelError if the live tables have other columns than this version gives them."""
    _check_structure(builder.connection, builder.live, builder.schema)


def _check_structure(connection: psycopg.Connection[Any], live: str, built: str) -> None:
    there = set(connection.execute(SELECT_COLUMNS, (live, list(TABLES))).fetchall())
    ours = set(connection.execute(SELECT_COLUMNS, (built, list(TABLES))).fetchall())
    if different := sorted({f"{table}.{column}" for table, column, *_ in there ^ ours}):
        raise ReadModelError(
            f"The tables of the live read model are not those of this version of Darkroom: {', '.join(different)}. "
            "Run `darkroom migrate` first."
        )


def _views(connection: psycopg.Connection[Any], live: str) -> Iterator[sql.Composed]:
    """For each view over the live tables the statement that makes it again; who may read it stays as it is."""
    for schema, name, options, query in connection.execute(SELECT_VIEWS, (live, list(TABLES))).fetchall():
        with_options = sql.SQL("WITH ({})").format(sql.SQL(options)) if options else sql.SQL("")
        yield sql.SQL("CREATE OR REPLACE VIEW {} {} AS {}").format(
            sql.Identifier(schema, name), with_options, sql.SQL(query)
        )


def _rights(connection: psycopg.Connection[Any], live: str) -> Iterator[sql.Composed]:
    """The statements that give the new tables the owner and the rights of the old ones."""
    for table, owner in connection.execute(SELECT_OWNERS, (live, list(TABLES))).fetchall():
        yield sql.SQL("ALTER TABLE {} OWNER TO {}").format(sql.Identifier(live, table), sql.Identifier(owner))
    for table, privilege, grantee, grantable in connection.execute(SELECT_GRANTS, (live, list(TABLES))).fetchall():
        yield sql.SQL("GRANT {} ON {} TO {} {}").format(
            sql.SQL(privilege),
            sql.Identifier(live, table),
            sql.Identifier(grantee) if grantee else sql.SQL("PUBLIC"),
            sql.SQL("WITH GRANT OPTION" if grantable else ""),
        )
