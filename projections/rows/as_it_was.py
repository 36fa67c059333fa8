"""The read model as it stood at a position, built into a schema of its own, to be queried beside today's."""

from typing import Final

from projections.log.event_log import EventLog
from projections.log.pools import Pool, connected
from projections.rows import models
from projections.rows.builder import Advance, building
from projections.rows.models import ReadModel, ReadModelError
from projections.rows.rebuilding import schemas_of_rebuild

RESERVED: Final = "pg_"
LIFT: Final = "event_log_lift"
"""The schema of projections/log/lifting.py."""
LONGEST: Final = 63
"""Bytes of a name: PostgreSQL cuts off the rest."""
SELECT_ROLE: Final = "SELECT FROM pg_roles WHERE rolname = %s"


def build_as_it_was(
    event_log: EventLog, pool: Pool, schema: str, position: int, advance: Advance = lambda _: None
) -> None:
    """Build it; what was cut off goes on. Raises ReadModelError, LogUnavailableError."""
    _refuse_reserved(pool, schema)
    _refuse_unfit(pool, schema)
    with connected(pool) as connection:
        found = models.model_of(connection, schema)
    if found and found.until != position:
        raise ReadModelError(
            f"Schema {schema} holds the read model as it was at position {found.until}. Choose another name, or "
            f"drop it first: darkroom history drop {schema}."
        )
    with building(event_log, pool, schema, until=position) as builder:
        builder.build(position, advance)
        builder.settle()
        builder.complete(position)


def drop_as_it_was(pool: Pool, schema: str) -> None:
    """Drop a read model that was built so. Raises ReadModelError, LogUnavailableError."""
    _refuse_reserved(pool, schema)
    with models.held(pool, schema) as connection, connection.transaction():
        if not models.drop_model(connection, schema):
            raise ReadModelError(
                f"Schema {schema} is none that `darkroom history at` made. `darkroom history list` shows them."
            )


def built_as_it_was(pool: Pool) -> list[ReadModel]:
    """The read models that were built so, also unfinished ones."""
    with connected(pool) as connection:
        return [model for model in models.models(connection) if model.until is not None]


def _refuse_reserved(pool: Pool, schema: str) -> None:
    if not schema.isprintable():
        raise ReadModelError("The name of a schema has no control character, and is UTF-8. Choose another one.")
    with connected(pool) as connection:
        live = models.live_schema(connection)
    if schema in {live, *schemas_of_rebuild(pool)} or schema.startswith(RESERVED):
        raise ReadModelError(f"The name {schema} is taken: by PostgreSQL, by the live read model or by a rebuild.")


def _refuse_unfit(pool: Pool, schema: str) -> None:
    if not 0 < len(schema.encode()) <= LONGEST:
        raise ReadModelError(f"The name of a schema has 1 to {LONGEST} bytes. Choose another one.")
    with connected(pool) as connection:
        is_role = connection.execute(SELECT_ROLE, (schema,)).rowcount > 0
    # PostgreSQL looks for tables in the schema of a role's name first: the old rows would hide the live ones.
    if is_role or schema == LIFT:
        raise ReadModelError(
            f"The name {schema} is that of {'a role' if is_role else 'a migration'}. Choose another one."
        )
