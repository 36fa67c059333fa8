"""Rebuilds the read model without a pause: builds a new one beside it, compares the two, and swaps them.

The one that was live is kept, until it is swapped in again, forgotten, or replaced by the next rebuild. A rebuild that
is cut off changes nothing that polls read; the next one goes on where it was, or begins anew if the code is another.
"""

from collections.abc import Iterator
from itertools import chain, islice
from typing import Any, Final
from uuid import UUID

import psycopg
from msgspec import Struct
from psycopg import sql

from projections.log.connections import translated
from projections.log.event_log import EventLog
from projections.log.pools import Pool
from projections.rows import models
from projections.rows.builder import Advance, Builder, building
from projections.rows.comparison import LOWEST, Difference, compare
from projections.rows.models import NEW, OLD, ReadModelBackwardsError, ReadModelError
from projections.rows.projector import Changed
from projections.rows.swap import Swapped, check_structure, live_position, swap

NEXT: Final = "next"
PREVIOUS: Final = "previous"
SHOWN: Final = 20
"""Differences that are kept as sentences. All are counted."""
PAGE: Final = 5000
"""Rows of the two read models that are compared together."""

SELECT_BOUND: Final = """
SELECT upload_id FROM (SELECT upload_id FROM {} WHERE upload_id > %s ORDER BY upload_id LIMIT %s) AS page
ORDER BY upload_id DESC LIMIT 1
"""
SELECT_DIFFERENT: Final = """
SELECT coalesce(l.upload_id, n.upload_id)
FROM (SELECT upload_id, to_jsonb(t) AS row FROM {live} t WHERE upload_id > %(after)s AND upload_id <= %(last)s) l
FULL JOIN (SELECT upload_id, to_jsonb(t) AS row FROM {built} t WHERE upload_id > %(after)s AND upload_id <= %(last)s) n
    USING (upload_id)
WHERE l.row IS DISTINCT FROM n.row
"""
# An upload that this code cannot apply as far as the code before it did.
SELECT_BACKWARDS: Final = """
SELECT l.upload_id, q.error FROM {quarantine} q JOIN {built} n USING (upload_id) JOIN {live} l USING (upload_id)
WHERE l.version > n.version AND q.upload_id NOT IN (SELECT upload_id FROM {stopped}) ORDER BY 1
"""


class Rebuilt(Struct, frozen=True):
    """What a rebuild came to: the position, which of two is kept where, and what differed between old rows and log."""

    position: int
    kept: str
    which: str = OLD
    differences: int = 0
    shown: tuple[Difference, ...] = ()


def rebuild(
    event_log: EventLog,
    pool: Pool,
    changed: Changed = lambda _: None,
    advance: Advance = lambda _: None,
) -> Rebuilt:
    """Build the read model anew from the log and make it the live one. Raises ReadModelError, LogUnavailableError."""
    built, kept = schemas_of_rebuild(pool)
    with building(event_log, pool, built) as builder:
        models.refuse_strange(builder.connection, kept)
        check_structure(builder)
        builder.build(max(event_log.last_position(), live_position(builder.connection)), advance)
        builder.settle()
        builder.build(live_position(builder.connection), advance)
        differing = (found for found in compare(pool, _different(builder)) if found)
        shown = tuple(chain.from_iterable(islice(differing, SHOWN)))
        count = len({difference.upload_id for difference in shown}) + sum(1 for _ in differing)
        _refuse_to_go_back(builder)
        swapped = swap(builder, kept)
        _report(event_log, swapped, changed)
        return Rebuilt(builder.position, kept, differences=count, shown=shown)


def back(
    event_log: EventLog,
    pool: Pool,
    changed: Changed = lambda _: None,
    advance: Advance = lambda _: None,
) -> Rebuilt:
    """Make the kept read model, with what happened since, the live one. Raises ReadModelError, LogUnavailableError."""
    _, kept = schemas_of_rebuild(pool)
    with models.held(pool, kept) as connection:
        model = models.reopen_model(connection, kept)
        if model is None:
            raise ReadModelError("No read model is kept: there has been no rebuild, or it was forgotten since.")
        builder = Builder(event_log, connection, model)
        builder.build(live_position(connection), advance)
        which = OLD if model.code == NEW else NEW
        _report(event_log, swap(builder, kept, which), changed)
        return Rebuilt(builder.position, kept, which)


def forget(pool: Pool) -> str | None:
    """Drop the kept read model, which is OLD or NEW; None without one. Raises ReadModelError, LogUnavailableError."""
    _, kept = schemas_of_rebuild(pool)
    with models.held(pool, kept) as connection, connection.transaction():
        model = models.model_of(connection, kept)
        if model is None:
            return None
        models.drop_model(connection, kept)
        return NEW if model.code == NEW else OLD


def schemas_of_rebuild(pool: Pool) -> tuple[str, str]:
    """The schemas of a read model that is being built and of the one that is kept."""
    with translated(), pool.connection() as connection:
        live = models.live_schema(connection)
    return f"{live}_{NEXT}", f"{live}_{PREVIOUS}"


def _different(builder: Builder) -> Iterator[UUID]:
    """Uploads whose rows differ, because they moved meanwhile or because the old ones are wrong."""
    connection = builder.connection
    for table in ("uploads", "results"):
        names = {"live": sql.Identifier(builder.live, table), "built": sql.Identifier(builder.schema, table)}
        bounds = sql.SQL("SELECT greatest(({}), ({}))").format(
            *(sql.SQL(SELECT_BOUND).format(name) for name in names.values())
        )
        different = sql.SQL(SELECT_DIFFERENT).format(**names)
        after = LOWEST
        while last := _first(connection, bounds, (after, PAGE) * 2):
            for (upload_id,) in connection.execute(different, {"after": after, "last": last}).fetchall():
                yield upload_id
            after = last


def _refuse_to_go_back(builder: Builder) -> None:
    names = {
        "live": sql.Identifier(builder.live, "uploads"),
        "stopped": sql.Identifier(builder.live, "quarantine"),
        "built": sql.Identifier(builder.schema, "uploads"),
        "quarantine": sql.Identifier(builder.schema, "quarantine"),
    }
    found = builder.connection.execute(sql.SQL(SELECT_BACKWARDS).format(**names)).fetchall()
    if found:
        upload_id, error = found[0]
        raise ReadModelBackwardsError(
            f"This version cannot apply events that the live rows contain, of {len(found)} uploads: for example of "
            f"{upload_id}: {error} The old read model stays. The new one is in schema {builder.schema}; after a fix "
            "of the code run the same command again."
        )


def _first(connection: psycopg.Connection[Any], query: sql.Composed, parameters: tuple[object, ...]) -> UUID | None:
    row = connection.execute(query, parameters).fetchone()
    return row[0] if row else None


def _report(event_log: EventLog, swapped: Swapped, changed: Changed) -> None:
    """Report the rows that went on in the swap, because the projector was behind."""
    after = swapped.old
    while after < swapped.new and (page := event_log.read(after, PAGE)):
        changed({logged.upload_id for logged in page if logged.position <= swapped.new})
        after = page[-1].position
