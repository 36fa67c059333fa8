"""Builds, loads and saves the rows of `uploads` and `results`. The only writer of both tables.

The fold is that of the domain. A row contains the folded state and the times at which events were recorded.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
import psycopg
from msgspec import Struct, structs

from domain.events import Noted, StoredImage
from domain.failures import FailureCode
from domain.fold import evolve
from domain.objects import Expiry
from domain.stages import Stage, Status
from domain.state import Result
from domain.upload import Upload
from projections.log.event_log import LoggedEvent


class UploadRow(Struct, frozen=True, kw_only=True):
    """A row of `uploads`."""

    upload_id: UUID
    version: int
    session_hash: str
    correlation_id: str
    original_sha256: str
    original_size: int
    prompt_version: int
    status: Status
    stage: Stage | None
    reached: Stage | None
    progress: int
    attempt: int
    attempts_left: int
    lost: int
    running: bool
    retry_at: datetime | None
    waiting_for: FailureCode | None
    failed_stage: Stage | None
    error_code: FailureCode | None
    error_message: str | None
    result_id: UUID | None
    expired: Expiry | None = None
    created_at: datetime
    updated_at: datetime
    stage_since: datetime


class ResultRow(Struct, frozen=True, kw_only=True):
    """A row of `results`."""

    result_id: UUID
    upload_id: UUID
    model: str
    full_image: StoredImage
    preview: StoredImage | None
    created_at: datetime


class ProjectedUpload(Struct, frozen=True, gc=False):
    """The state of an upload, and when it was submitted, last changed, entered its stage and stored its result."""

    upload: Upload
    created_at: datetime
    updated_at: datetime
    stage_since: datetime
    stored_at: datetime | None = None

    def row(self) -> UploadRow:
        """The row of `uploads`. It has a result_id only if the upload is complete."""
        state = structs.asdict(self.upload)
        result = state.pop("result")
        return UploadRow(
            upload_id=state.pop("id"),
            status=self.upload.status,
            stage=self.upload.stage,
            result_id=result.result_id if result and self.upload.stage is Stage.COMPLETE else None,
            created_at=self.created_at,
            updated_at=self.updated_at,
            stage_since=self.stage_since,
            **state,
        )

    def result_row(self) -> ResultRow | None:
        """The row of `results`; None until the full image is stored."""
        result = self.upload.result
        if result is None or self.stored_at is None:
            return None
        return ResultRow(
            result_id=result.result_id,
            upload_id=self.upload.id,
            model=result.model,
            full_image=result.full,
            preview=result.preview,
            created_at=self.stored_at,
        )


def project(projection: ProjectedUpload | None, logged: LoggedEvent) -> ProjectedUpload:
    """The projected upload after one more event. An event that it already contains changes nothing."""
    if projection and logged.version <= projection.upload.version:
        return projection
    now = logged.recorded_at
    if projection is None:
        return ProjectedUpload(evolve(None, logged.event), now, now, now)
    before, upload = projection.upload, evolve(projection.upload, logged.event)
    if logged.name == Noted.NAME:
        return structs.replace(projection, upload=upload)  # nothing happened to the upload, so no time changes
    stays = upload.stage is before.stage and upload.attempt == before.attempt
    stored_at = now if upload.result and not before.result else projection.stored_at
    return ProjectedUpload(upload, projection.created_at, now, projection.stage_since if stays else now, stored_at)


def _upsert(table: str, key: str, row: type[Struct], guard: str = "", json: str = "json") -> str:
    columns = [column for column in row.__struct_fields__ if column != key]
    changes = ", ".join(f"{column} = excluded.{column}" for column in columns)
    names = ", ".join([key, *columns])
    return (
        f"INSERT INTO {table} ({names}) SELECT {names} FROM {json}_populate_recordset(NULL::{table}, %s::{json})"  # noqa: S608 - names of our own
        f" ON CONFLICT ({key}) DO UPDATE SET {changes} {guard}"
    )


SAVE_UPLOADS: Final = _upsert("uploads", "upload_id", UploadRow, "WHERE uploads.version < excluded.version")
SAVE_RESULTS: Final = _upsert("results", "result_id", ResultRow, json="jsonb")  # which its pictures are
# Planned once: with the array outside of a subquery it would be planned for each number of ids, which costs four times
# what the query does. The scalar subqueries use the indexes, whatever the size of the tables when it was planned.
LOAD: Final = """
SELECT asked.upload_id, EXISTS (SELECT FROM quarantine q WHERE q.upload_id = asked.upload_id),
       (SELECT to_jsonb(u)::text FROM uploads u WHERE u.upload_id = asked.upload_id AND u.version > 0),
       (SELECT to_jsonb(r)::text FROM results r WHERE r.upload_id = asked.upload_id)
FROM unnest((SELECT %s::uuid[])) AS asked (upload_id)
"""
ERASE: Final = ("DELETE FROM results WHERE upload_id = ANY(%s)", "DELETE FROM uploads WHERE upload_id = ANY(%s)")


def load(
    connection: psycopg.Connection[Any], upload_ids: Iterable[UUID]
) -> tuple[dict[UUID, ProjectedUpload], list[UUID]]:
    """The projected uploads that the rows contain, by upload id; and which of the uploads are in quarantine."""
    found = connection.execute(LOAD, (list(upload_ids),)).fetchall()
    projections = {upload_id: _projection(row, result) for upload_id, _, row, result in found if row}
    return projections, [upload_id for upload_id, stopped, *_ in found if stopped]


def save(connection: psycopg.Connection[Any], projections: Sequence[ProjectedUpload]) -> None:
    """Write the rows. A newer row stays; the rows of an erased upload are deleted."""
    if erased := [projection.upload.id for projection in projections if projection.upload.erased]:
        for statement in ERASE:
            connection.execute(statement, (erased,))
    projections = [projection for projection in projections if not projection.upload.erased]
    connection.execute(SAVE_UPLOADS, (_json([projection.row() for projection in projections]),))
    results = [row for row in (projection.result_row() for projection in projections) if row]
    if results:
        connection.execute(SAVE_RESULTS, (_json(results),))


def _json(rows: Sequence[Struct]) -> str:
    return msgspec.json.encode(rows).decode()


def _projection(upload_json: str, result_json: str | None) -> ProjectedUpload:
    row = msgspec.json.decode(upload_json, type=UploadRow)
    result_row = msgspec.json.decode(result_json, type=ResultRow) if result_json else None
    state = structs.asdict(row)
    for derived in ("status", "stage", "result_id", "created_at", "updated_at", "stage_since"):
        del state[derived]
    upload = Upload(id=state.pop("upload_id"), **state)
    times = (row.created_at, row.updated_at, row.stage_since)
    if result_row is None:
        return ProjectedUpload(upload, *times)
    result = Result(result_row.result_id, result_row.model, result_row.full_image, result_row.preview)
    return ProjectedUpload(structs.replace(upload, result=result), *times, result_row.created_at)
