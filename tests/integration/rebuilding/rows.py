"""What is in a read model, and what its tables are."""

from typing import Final

from psycopg import sql

from projections.log.pools import Pool

RIGHTS: Final = """
SELECT relname, pg_get_userbyid(relowner), relacl::text, reloptions FROM pg_class
WHERE relnamespace = 'public'::regnamespace ORDER BY relname
"""


def rows(pool: Pool, schema: str = "public") -> list[tuple[object, ...]]:
    """Every row of a read model."""
    with pool.connection() as connection:
        return [
            row
            for table in ("uploads", "results")
            for row in connection.execute(
                sql.SQL("SELECT to_jsonb(t) FROM {} t ORDER BY upload_id").format(sql.Identifier(schema, table))
            )
        ]


def rights(pool: Pool) -> list[tuple[object, ...]]:
    """Who owns, reads and writes each table, index and view, and how it is stored."""
    with pool.connection() as connection:
        return connection.execute(RIGHTS).fetchall()


def execute(pool: Pool, statement: str, *parameters: object) -> None:
    """Do to the database what no part of Darkroom does."""
    with pool.connection() as connection:
        connection.execute(statement.encode(), parameters)
