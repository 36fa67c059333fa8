"""Quarantine: an event that this code cannot apply stops only its upload, until the code is fixed."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import psycopg
import pytest
from click.testing import CliRunner
from psycopg_pool import ConnectionPool

from app.cli import darkroom
from domain.events import PreviewStored, ResultStored
from domain.stages import Stage
from domain.upload import Upload
from domain.uploads import Uploads
from projections.log.event_log import EventLog
from projections.rows.projector import projector
from projections.rows.quarantine import retry_quarantined
from projections.rows.rebuilding import rebuild
from tests.submissions import WORKER, run_to, submit
from tests.unknown_events import forget, remember

Pool = ConnectionPool[psycopg.Connection[Any]]
SECRET_KEYS = "a key of these tests that is long enough"


@pytest.fixture
def quarantined(
    uploads: Uploads, event_log: EventLog, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> tuple[Upload, Upload]:
    """An upload that is complete and one that stores its result, both stopped before it: this code knows no results."""
    both = run_to(uploads, submit(uploads).id, Stage.COMPLETE), run_to(uploads, submit(uploads).id, Stage.STORING)
    forget(monkeypatch, ResultStored)
    projector(event_log, pool).catch_up()
    assert [stage_of(pool, upload.id) for upload in both] == ["generating", "generating"]
    assert len(in_quarantine(pool)) == 2
    return both


def stage_of(pool: Pool, upload_id: UUID) -> str:
    with pool.connection() as connection:
        row = connection.execute("SELECT stage FROM uploads WHERE upload_id = %s", (upload_id,)).fetchone()
    assert row
    return str(row[0])


def in_quarantine(pool: Pool) -> list[tuple[Any, ...]]:
    with pool.connection() as connection:
        return connection.execute("SELECT * FROM quarantine ORDER BY position").fetchall()


def rows(pool: Pool) -> list[tuple[Any, ...]]:
    with pool.connection() as connection:
        return connection.execute(
            "SELECT to_jsonb(u), to_jsonb(r) FROM uploads u LEFT JOIN results r USING (upload_id) ORDER BY u.upload_id"
        ).fetchall()


def test_a_quarantined_event_is_applied_after_the_code_is_fixed(
    quarantined: tuple[Upload, Upload], event_log: EventLog, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    remember(monkeypatch, ResultStored)
    assert retry_quarantined(pool) == (2, [])

    assert in_quarantine(pool) == []
    assert [stage_of(pool, upload.id) for upload in quarantined] == ["complete", "storing"]
    applied = rows(pool)
    rebuild(event_log, pool)
    assert rows(pool) == applied


def test_events_recorded_during_the_quarantine_are_applied_too(
    quarantined: tuple[Upload, Upload],
    uploads: Uploads,
    event_log: EventLog,
    pool: Pool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    remember(monkeypatch, ResultStored)
    uploads.execute(quarantined[1].id, Upload.advance, Stage.WATERMARKING, 90, attempt=1, by=WORKER)
    projector(event_log, pool).catch_up()  # it passes the event of an upload in quarantine
    assert stage_of(pool, quarantined[1].id) == "generating"
    retry_quarantined(pool)

    assert stage_of(pool, quarantined[1].id) == "watermarking"


def test_an_upload_that_still_cannot_be_applied_keeps_its_row_and_is_reported(
    quarantined: tuple[Upload, Upload], pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = in_quarantine(pool)
    remember(monkeypatch, ResultStored)
    forget(monkeypatch, PreviewStored)
    released, still = retry_quarantined(pool)

    assert released == 1
    assert [(found.upload_id, PreviewStored.NAME in found.error) for found in still] == [(quarantined[0].id, True)]
    assert stage_of(pool, quarantined[0].id) == "watermarking"
    (after,) = in_quarantine(pool)
    assert after[1] > before[0][1], "it came further"
    assert after[3] == before[0][3], "and is in quarantine since the first time"


@pytest.mark.usefixtures("quarantined")
def test_it_can_be_done_while_the_projector_works_and_uploads_move_on(
    uploads: Uploads,
    event_log: EventLog,
    pool: Pool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    remember(monkeypatch, ResultStored)
    stopping = threading.Event()

    def follow() -> None:
        while not stopping.is_set():
            projector(event_log, pool).catch_up()

    def move_on() -> None:
        for progress in range(31, 71):
            uploads.execute(moving.id, Upload.advance, Stage.GENERATING, progress, attempt=1, by=WORKER)

    moving = run_to(uploads, submit(uploads).id, Stage.GENERATING)
    with pool.connection() as connection:
        connection.execute(
            "INSERT INTO quarantine SELECT upload_id, position, 'mended' FROM event_log"
            " WHERE upload_id = %s AND version = 1",
            (moving.id,),
        )
    with ThreadPoolExecutor(2) as threads:
        following, moved_on = threads.submit(follow), threads.submit(move_on)
        try:
            assert retry_quarantined(pool) == (3, [])
            moved_on.result()
        finally:
            stopping.set()
        following.result()
    projector(event_log, pool).catch_up()
    applied = rows(pool)
    rebuild(event_log, pool)

    assert in_quarantine(pool) == []
    assert rows(pool) == applied


def test_an_event_that_breaks_the_fold_itself_stops_no_other_upload(
    uploads: Uploads, event_log: EventLog, pool: Pool
) -> None:
    whole = submit(uploads)
    with pool.connection() as connection:
        # A stream without its beginning, as only a broken program could leave it.
        connection.execute(
            "INSERT INTO event_log (upload_id, version, name, event_id, actor, correlation_id, schema_version, state)"
            " SELECT gen_random_uuid(), 1, 'upload.attempt-started', event_id, actor, correlation_id, schema_version,"
            " state || '{\"attempt\": 1}' FROM event_log"
        )
    run_to(uploads, whole.id, Stage.COMPLETE)
    projector(event_log, pool).catch_up()

    assert stage_of(pool, whole.id) == "complete"
    assert len(in_quarantine(pool)) == 1


def test_the_command_prints_what_stays_quarantined_and_exits_with_1_or_else_with_0(
    quarantined: tuple[Upload, Upload], database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"DATABASE_URL": database_url, "REDIS_URL": "redis://127.0.0.1:1", "SECRET_KEYS": SECRET_KEYS}
    command = ["project", "--retry-quarantined"]
    failed = CliRunner().invoke(darkroom, command, env=settings)
    remember(monkeypatch, ResultStored)
    mended = CliRunner().invoke(darkroom, command, env=settings)

    assert failed.exit_code == 1
    assert [str(upload.id) in failed.stdout for upload in quarantined] == [True, True]
    assert ResultStored.NAME in failed.stdout
    assert failed.stdout.endswith("Applied 0 uploads again; 2 stay in quarantine.\n")
    assert (mended.exit_code, mended.stdout) == (0, "Applied 2 uploads again; 0 stay in quarantine.\n")
