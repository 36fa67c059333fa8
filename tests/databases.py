"""Databases for tests: each test has one of its own, with the schema applied and no rows but those of the schema.

To create and drop one costs PostgreSQL 80 ms of computing. So a database whose structure did not change is emptied and
given to another test, under another name: connections that a test forgot find it no more.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, LiteralString
from uuid import uuid4

import psycopg
from psycopg import sql

from projections.log.schema import migrate

TEMPLATE: Final = "template_darkroom"
LARGEST_BYTES: Final = 1024 * 1024
"""A table that has grown beyond this is not worth emptying."""

STRUCTURE: Final = """
SELECT md5(string_agg(kind || id || ':' || version, ',' ORDER BY kind, id, version)) FROM (
    SELECT 'class', oid::text, xmin::text FROM pg_class WHERE oid >= 16384
    UNION ALL SELECT 'attribute', attrelid || '.' || attnum, xmin::text FROM pg_attribute WHERE attrelid >= 16384
    UNION ALL SELECT 'constraint', oid::text, xmin::text FROM pg_constraint WHERE oid >= 16384
    UNION ALL SELECT 'trigger', oid::text, xmin::text FROM pg_trigger
    UNION ALL SELECT 'function', oid::text, xmin::text FROM pg_proc WHERE oid >= 16384
    UNION ALL SELECT 'schema', oid::text, xmin::text FROM pg_namespace WHERE nspname !~ '^pg_(toast_)?temp_'
    UNION ALL SELECT 'view', oid::text, xmin::text FROM pg_rewrite WHERE oid >= 16384
    UNION ALL SELECT 'setting', setrole::text, array_to_string(setconfig, ',') FROM pg_db_role_setting
        WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
    UNION ALL SELECT 'limit', datconnlimit::text, datallowconn::text FROM pg_database WHERE datname = current_database()
) AS entries (kind, id, version)
"""
EMPTY: Final = """
DO $$
DECLARE one regclass;
BEGIN
    FOR one IN SELECT oid FROM pg_class WHERE relkind = 'r' AND oid >= 16384 LOOP
        EXECUTE format('DELETE FROM %s', one);
    END LOOP;
    PERFORM setval(seqrelid::regclass, seqstart, false) FROM pg_sequence;
END $$
"""
LARGEST: Final = "SELECT coalesce(max(pg_relation_size(oid)), 0) FROM pg_class WHERE relkind = 'r' AND oid >= 16384"
TABLES: Final = "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND oid >= 16384"

Connection = psycopg.Connection[tuple[Any, ...]]


class Databases:
    """The databases of one PostgreSQL; the account of the URL is a superuser."""

    def __init__(self, postgres_url: str) -> None:
        self._postgres_url = postgres_url
        self._empty: list[str] = []
        self._server: Connection = psycopg.connect(postgres_url, autocommit=True)
        self._execute("CREATE DATABASE {}", TEMPLATE)
        migrate(self.url_of(TEMPLATE))
        with psycopg.connect(self.url_of(TEMPLATE), autocommit=True) as connection:
            self._structure = connection.execute(STRUCTURE).fetchone()
            tables = [name for (name,) in connection.execute(TABLES)]
            self._rows = {name: rows for name in tables if (rows := _copy_of(connection, name))}

    def close(self) -> None:
        """Close the connection to the server."""
        self._server.close()

    def url_of(self, name: str) -> str:
        """The URL of a database by its name."""
        return self._postgres_url.replace("///darkroom?", f"///{name}?")

    @contextmanager
    def one(self) -> Iterator[str]:
        """The URL of a database with the schema applied."""
        name = self._empty.pop() if self._empty else self._created(TEMPLATE)
        yield self.url_of(name)
        name = self._renamed(name)
        if self._emptied(name):
            self._empty.append(name)
        else:
            self._drop(name)

    @contextmanager
    def one_without_schema(self) -> Iterator[str]:
        """The URL of an empty database."""
        name = self._created("template1")
        yield self.url_of(name)
        self._drop(name)

    def _created(self, template: str) -> str:
        name = f"test_{uuid4().hex}"
        self._execute("CREATE DATABASE {} TEMPLATE {}", name, template)
        return name

    def _drop(self, name: str) -> None:
        self._execute("DROP DATABASE {} WITH (FORCE)", name)

    def _renamed(self, old: str) -> str:
        new = f"test_{uuid4().hex}"
        self._execute("ALTER DATABASE {} ALLOW_CONNECTIONS false", old)
        self._server.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", (old,))
        self._execute("ALTER DATABASE {} RENAME TO {}", old, new)
        self._execute("ALTER DATABASE {} ALLOW_CONNECTIONS true", new)
        return new

    def _emptied(self, name: str) -> bool:
        with psycopg.connect(self.url_of(name)) as connection:
            largest = connection.execute(LARGEST).fetchone()
            if largest is None or largest[0] > LARGEST_BYTES:
                return False
            if connection.execute(STRUCTURE).fetchone() != self._structure:
                return False
            connection.execute("SET LOCAL session_replication_role = replica")  # without the triggers of the log
            connection.execute(EMPTY)
            for table, rows in self._rows.items():
                with connection.cursor().copy(sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table))) as copy:
                    copy.write(rows)
        return True

    def _execute(self, statement: LiteralString, *names: str) -> None:
        self._server.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def _copy_of(connection: Connection, table: str) -> bytes:
    with connection.cursor().copy(sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(table))) as copy:
        return b"".join(map(bytes, copy))
