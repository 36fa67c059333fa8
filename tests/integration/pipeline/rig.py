"""A pipeline with everything real but the time and the image model's server."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, TypeVar
from uuid import UUID

import psycopg
from psycopg_pool import ConnectionPool

from domain.events import Event, StageAdvanced
from domain.ports import BlobStore, RunQueue
from domain.stages import Stage
from domain.uploads import Uploads
from projections.log.event_log import EventLog
from tests.fakes.kept_queue import KeptQueue
from tests.submissions import SESSION_HASH, hand_in
from workers.imaging.sandbox import Sandbox
from workers.queue.leases import Leases
from workers.runs.calls import Calls
from workers.runs.pipeline import Pipeline
from workers.runs.stages import Stages
from workers.steps.validating import Accepted
from workers.vision.model import ImageModel

Pool = ConnectionPool[psycopg.Connection[Any]]

E = TypeVar("E", bound=Event)

APPENDS: Final = """
SELECT array_agg(name ORDER BY version) FROM event_log WHERE upload_id = %s GROUP BY xmin::text ORDER BY min(version)
"""


@dataclass
class Clock:
    """A clock that a test moves."""

    time: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self) -> datetime:
        return self.time


class PipelineRig:
    """A pipeline with everything real but the time."""

    def __init__(self, uploads: Uploads, event_log: EventLog, pool: Pool, blobs: BlobStore) -> None:
        self.uploads, self.event_log, self.pool, self.blobs = uploads, event_log, pool, blobs
        self.clock = Clock()

    def pipeline(
        self,
        model: ImageModel,
        worker: str = "w",
        blobs: BlobStore | None = None,
        calls: Calls | None = None,
        leases: Leases | None = None,
        queue: RunQueue | None = None,
    ) -> Pipeline:
        return Pipeline(
            uploads=self.uploads,
            stages=Stages(blobs=blobs or self.blobs, model=model, sandbox=Sandbox(), accepted=Accepted(), calls=calls),
            leases=leases or Leases(self.pool, worker),
            clock=self.clock,
            worker=worker,
            max_runs=8,
            queue=queue or KeptQueue(),
        )

    def submitted(self, original: bytes, session_hash: str = SESSION_HASH) -> UUID:
        return hand_in(self.uploads, self.blobs, original, session_hash)

    def let_leases_expire(self) -> None:
        """As if no beat of any worker had come for too long."""
        with self.pool.connection() as connection:
            connection.execute("UPDATE leases SET expires_at = clock_timestamp()")

    def names(self, upload_id: UUID) -> list[str]:
        return [logged.name.removeprefix("upload.") for logged in self.event_log.history(upload_id)]

    def appends(self, upload_id: UUID) -> list[list[str]]:
        """The names of the events, those of a transaction together."""
        with self.pool.connection() as connection:
            rows = connection.execute(APPENDS, (upload_id,)).fetchall()
        return [[name.removeprefix("upload.") for name in names] for (names,) in rows]

    def steps(self, upload_id: UUID) -> list[tuple[Stage, int]]:
        events = [logged.event for logged in self.event_log.history(upload_id)]
        return [(event.stage, event.progress) for event in events if isinstance(event, StageAdvanced)]


def last(rig: PipelineRig, upload_id: UUID, kind: type[E]) -> E:
    event = rig.event_log.history(upload_id)[-1].event
    assert isinstance(event, kind)
    return event
