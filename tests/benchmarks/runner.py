"""The peer of our projector: the library's ProjectionRunner, which handles one event a transaction.

Its view is a small table that is kept with one statement an event, as the library's documentation shows; our rows hold
more. It reads events by our mapper.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.persistence import Mapper, Tracking
from eventsourcing.postgres import PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from psycopg.sql import SQL, Identifier

from domain.events import Event, StageAdvanced
from tests.benchmarks.library import NAME, environment
from tests.whole_json import WholeMapper

WAIT_SECONDS: Final = 120


class Log(Application[UUID]):
    """The library's application over the events of library.py."""

    name = NAME

    def construct_mapper(self) -> Mapper[UUID]:
        """Ours, for a recorder without columns for the envelope."""
        return WholeMapper()


class View(PostgresTrackingRecorder):
    """A row an upload: how far it is."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - the library's own
        super().__init__(*args, **kwargs)
        table = Identifier(self.datastore.schema, "where_uploads_are")
        self.sql_create_statements.append(
            SQL(
                "CREATE TABLE IF NOT EXISTS {} (upload_id uuid PRIMARY KEY, version integer NOT NULL, stage text,"
                " progress integer NOT NULL DEFAULT 0)"
            ).format(table)
        )
        self._upsert = SQL(
            "INSERT INTO {} AS t (upload_id, version, stage, progress) VALUES (%s, %s, %s, %s) ON CONFLICT (upload_id)"
            " DO UPDATE SET version = excluded.version, stage = coalesce(excluded.stage, t.stage),"
            " progress = greatest(excluded.progress, t.progress)"
        ).format(table)
        self.committed: list[tuple[int, float]] = []

    def save(self, event: Event, tracking: Tracking) -> None:
        """Write the row and the position in one transaction."""
        stage, progress = (event.stage, event.progress) if isinstance(event, StageAdvanced) else (None, 0)
        row = (event.originator_id, event.originator_version, stage, progress)
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute(self._upsert, row, prepare=True)
        self.committed.append((tracking.notification_id, time.monotonic()))


class Uploads(Projection[View]):
    """Every event is a change of a row."""

    def process_event(self, domain_event: Any, tracking: Tracking) -> None:  # noqa: ANN401 - the library's own
        """Write it."""
        self.view.save(domain_event, tracking)


@contextmanager
def running(url: str) -> Iterator[ProjectionRunner[Log, View]]:
    """A runner that follows the log from where the last one stopped."""
    env = environment(url) | {"CREATE_TABLE": "yes", "POSTGRES_POOL_SIZE": "2"}
    with ProjectionRunner(application_class=Log, projection_class=Uploads, view_class=View, env=env) as runner:
        yield runner


def handled(url: str, until: int) -> list[tuple[int, float]]:
    """Let it follow up to a position; each position, and when it was committed."""
    with running(url) as runner:
        runner.wait(until, WAIT_SECONDS)
        return list(runner.view.committed)
