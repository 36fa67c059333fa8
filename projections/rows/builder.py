"""Builds a read model in a schema beside the live one: from the beginning of the log up to a position, page by page.

Each page is one transaction with the position of the model, so a build that is cut off goes on where it was. Only rows
are written: what acts on the world follows the live log.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import psycopg
from psycopg import sql

from projections.log.event_log import EventLog, LoggedEvent
from projections.log.pages import Pages
from projections.log.pools import Pool
from projections.log.uncollected import uncollected
from projections.rows import models, projector
from projections.rows.models import MOVE_MODEL, TABLES, ReadModel, held

Advance = Callable[[int], None]
"""Called with the position that is reached."""

# A crash of the server may lose the last pages of the build, with their position.
WITHOUT_FLUSH: Final = "SET LOCAL synchronous_commit = off"


class Builder:
    """Builds one read model, over the connection that holds its lock."""

    def __init__(self, event_log: EventLog, connection: psycopg.Connection[Any], model: ReadModel) -> None:
        self.connection = connection
        self.schema = model.schema
        self.live = models.live_schema(connection)
        self.position = model.position
        self._pages = Pages(event_log, projector.PAGE)

    def build(self, until: int, advance: Advance = lambda _: None) -> None:
        """Fold the events up to a position into the tables."""
        while self._build_page(until):
            advance(self.position)

    def build_within(self, until: int) -> int:
        """The same in the transaction of the caller, for a few events; returns the position that is reached in it."""
        reached = self.position
        while page := self._page(reached, until):
            self._apply(page)
            reached = page[-1].position
        return reached

    def settle(self) -> None:
        """Prepare the tables for many readers, as autovacuum would do later: statistics, and a map of visible pages."""
        for table in TABLES:
            self.connection.execute(sql.SQL("VACUUM (ANALYZE) {}").format(sql.Identifier(self.schema, table)))

    def complete(self, position: int) -> None:
        """Note that it holds all that there is up to a position; there may be no event at the position itself."""
        self.connection.execute(MOVE_MODEL, (position, self.schema))

    @uncollected()
    def _build_page(self, until: int) -> bool:
        page = self._page(self.position, until)
        if page:
            with self.connection.transaction():
                self.connection.execute(WITHOUT_FLUSH)
                self._apply(page)
            self.position = page[-1].position
        return bool(page)

    def _page(self, after: int, until: int) -> Sequence[LoggedEvent]:
        return [logged for logged in self._pages.after(after) if logged.position <= until] if after < until else ()

    def _apply(self, page: Sequence[LoggedEvent]) -> None:
        models.look_in(self.connection, self.schema, self.live)
        projector.apply(self.connection, page)
        self.connection.execute(MOVE_MODEL, (page[-1].position, self.schema))


@contextmanager
def building(event_log: EventLog, pool: Pool, schema: str, until: int | None = None) -> Iterator[Builder]:
    """A builder of the read model in a schema, which holds its lock. Raises ReadModelError, LogUnavailableError."""
    with held(pool, schema) as connection:
        yield Builder(event_log, connection, models.open_model(connection, schema, until))
