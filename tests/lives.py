"""Uploads that live through the real log: each method takes one upload somewhere, by the domain's own commands."""

import io
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb

from app.storage.folder import FolderStore
from domain.events import StoredImage
from domain.failures import FailureCode
from domain.objects import PictureKind, picture_key
from domain.stages import Stage
from domain.upload import Upload
from domain.uploads import Uploads
from projections.log.event_log import EventLog
from projections.log.pools import open_pool
from projections.rows.projector import projector
from projections.statistics.registered import PROJECTIONS
from tests.fakes.silent_notifier import SilentNotifier
from tests.submissions import SESSION_HASH, WORKER, run_to, submit

PICTURES: Final[dict[PictureKind, bytes]] = {"full": b"full image", "preview": b"preview"}


class Lives:
    """A log, a read model and a folder store, and uploads made in them."""

    def __init__(self, database_url: str, folder: Path) -> None:
        self.pool = open_pool(database_url, 4, "lives")
        self.log = EventLog(self.pool)
        self.store = FolderStore(folder, _unsigned)
        self.uploads = Uploads(self.log, SilentNotifier())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.pool.close()

    def project(self) -> None:
        """Bring the read model and the statistics up to date."""
        for follower in (projector(self.log, self.pool), *(one.follower(self.log, self.pool) for one in PROJECTIONS)):
            follower.catch_up()

    def submitted(self, session_hash: str = SESSION_HASH) -> UUID:
        """An upload that waits for its first attempt."""
        return submit(self.uploads, session_hash=session_hash, correlation_id=uuid4().hex).id

    def reached(self, stage: Stage) -> UUID:
        """An upload whose first attempt is under way and has come to a stage."""
        upload_id = self.submitted()
        self.run(upload_id, stage)
        return upload_id

    def complete(self) -> UUID:
        """An upload that is complete, with its objects in the storage."""
        return self.reached(Stage.COMPLETE)

    def failed(self, stage: Stage, code: FailureCode = FailureCode.NO_IMAGE_GENERATED) -> UUID:
        """An upload that failed for good in a stage."""
        upload_id = self.reached(stage)
        self.uploads.execute(upload_id, Upload.fail, code, stage=stage, attempt=1, by=WORKER)
        return upload_id

    def backing_off(self) -> UUID:
        """An upload whose first attempt failed in passing, and whose next one waits for its time."""
        upload_id = self.reached(Stage.GENERATING)
        failure = FailureCode.STORAGE_UNAVAILABLE
        self.uploads.execute(
            upload_id, Upload.fail_attempt, failure, soon(), stage=Stage.GENERATING, attempt=1, by=WORKER
        )
        return upload_id

    def run(self, upload_id: UUID, last: Stage) -> None:
        """One attempt, up to a stage; it goes on from what was reached before."""
        run_to(self.uploads, upload_id, last, keep=self._keep)

    def _keep(self, upload_id: UUID, kind: PictureKind) -> StoredImage:
        content = PICTURES[kind]
        digest = sha256(content).hexdigest()
        key = picture_key(upload_id, kind, digest)
        self.store.put(key, io.BytesIO(content), "image/jpeg")
        return StoredImage(key, digest, len(content), 640, 480, "image/jpeg")

    def execute(self, statement: str, *parameters: object) -> None:
        """Do something to the tables that no part of Darkroom would do."""
        with self.pool.connection() as connection:
            connection.execute(statement.encode(), parameters)

    def insert(self, upload_id: UUID, version: int, name: str, **facts: object) -> None:
        """Append an event as another program would, past every check."""
        state = {"schema_version": 1, "event_id": str(uuid4()), "actor": WORKER, "correlation_id": "c", **facts}
        self.execute(
            "INSERT INTO event_log (upload_id, version, name, state) VALUES (%s, %s, %s, %s)",
            *(upload_id, version, name, Jsonb(state)),
        )

    def age(self, upload_id: UUID, by: timedelta) -> None:
        """Make all that happened to the upload so much older, in the log and in its row."""
        with self.pool.connection() as connection, connection.transaction():
            connection.execute("ALTER TABLE event_log DISABLE TRIGGER event_log_is_append_only")
            for change in (
                "UPDATE event_log SET recorded_at = recorded_at - %s WHERE upload_id = %s",
                (
                    "UPDATE uploads SET created_at = created_at - %s, updated_at = updated_at - %s,"
                    " stage_since = stage_since - %s WHERE upload_id = %s"
                ),
                "UPDATE results SET created_at = created_at - %s WHERE upload_id = %s",
            ):
                connection.execute(change.encode(), (*[by] * (change.count("%s") - 1), upload_id))
            connection.execute("ALTER TABLE event_log ENABLE TRIGGER event_log_is_append_only")


def _unsigned(key: str, _: timedelta) -> str:
    return key


def soon() -> datetime:
    """A little later than now."""
    return datetime.now(UTC) + timedelta(minutes=1)
