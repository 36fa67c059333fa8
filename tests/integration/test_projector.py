"""The projector on a real PostgreSQL: the rows equal the fold of the log, whatever happens on the way."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg_pool import ConnectionPool

from domain.failures import FailureCode
from domain.stages import Stage
from domain.upload import Upload
from domain.uploads import Uploads
from projections.log.event_log import EventLog
from projections.log.follower import Follower
from projections.log.pools import open_pool
from projections.log.schema import migrate
from projections.rows.projector import projector
from projections.rows.rebuilding import rebuild
from tests.benchmarks.lives import crowd
from tests.submissions import WORKER, run_to, submit
from tests.waiting import until

Pool = ConnectionPool[psycopg.Connection[Any]]
REST = "event_id, actor, correlation_id, schema_version, state"


@pytest.fixture
def follower(event_log: EventLog, pool: Pool) -> Follower:
    return projector(event_log, pool)


def rows(pool: Pool) -> list[tuple[object, ...]]:
    with pool.connection() as connection:
        uploads = connection.execute("SELECT to_jsonb(u) FROM uploads u ORDER BY upload_id").fetchall()
        results = connection.execute("SELECT to_jsonb(r) FROM results r ORDER BY upload_id").fetchall()
    return uploads + results


def row(pool: Pool, upload_id: UUID) -> dict[str, Any]:
    with pool.connection() as connection:
        found = connection.execute("SELECT to_jsonb(u) FROM uploads u WHERE upload_id = %s", (upload_id,)).fetchone()
    assert found is not None
    return dict(found[0])


def a_life_of_each_kind(uploads: Uploads) -> None:
    submit(uploads)
    run_to(uploads, submit(uploads).id, Stage.GENERATING)
    run_to(uploads, submit(uploads).id, Stage.STORING)
    run_to(uploads, submit(uploads).id, Stage.COMPLETE)
    failed = run_to(uploads, submit(uploads).id, Stage.GENERATING)
    uploads.execute(failed.id, Upload.fail, FailureCode.CONTENT_BLOCKED, stage=failed.reached, attempt=1, by=WORKER)
    retried = uploads.execute(submit(uploads).id, Upload.cancel, by="session:abc")
    uploads.execute(retried.id, Upload.retry, by="session:abc")
    run_to(uploads, retried.id, Stage.COMPLETE)


def test_a_row_shows_where_the_upload_is(follower: Follower, pool: Pool, uploads: Uploads) -> None:
    upload = run_to(uploads, submit(uploads).id, Stage.GENERATING)
    follower.catch_up()

    found = row(pool, upload.id)
    assert (found["status"], found["stage"], found["progress"]) == ("processing", "generating", 30)
    assert (found["version"], found["attempt"], found["running"]) == (upload.version, 1, True)
    assert found["created_at"] < found["updated_at"]


def test_the_result_is_named_only_once_the_upload_is_complete(follower: Follower, pool: Pool, uploads: Uploads) -> None:
    storing = run_to(uploads, submit(uploads).id, Stage.STORING)
    complete = run_to(uploads, submit(uploads).id, Stage.COMPLETE)
    follower.catch_up()

    assert row(pool, storing.id)["result_id"] is None
    assert complete.result is not None
    assert row(pool, complete.id)["result_id"] == str(complete.result.result_id)


def test_a_migration_reads_from_the_log_when_each_row_entered_its_stage(
    database_url: str, follower: Follower, pool: Pool, uploads: Uploads
) -> None:
    a_life_of_each_kind(uploads)
    moving = run_to(uploads, submit(uploads).id, Stage.GENERATING)
    uploads.execute(moving.id, Upload.advance, Stage.GENERATING, 50, attempt=1, by=WORKER)
    uploads.start_attempt(uploads.get(moving.id), by=WORKER)
    uploads.execute(moving.id, Upload.advance, Stage.GENERATING, 60, attempt=2, by=WORKER)
    follower.catch_up()
    run_to(uploads, submit(uploads).id, Stage.COMPLETE)  # the row is not there yet
    before = rows(pool)
    with pool.connection() as connection:
        connection.execute("ALTER TABLE uploads DROP COLUMN stage_since CASCADE")
    migrate(database_url)

    assert rows(pool) == before
    assert row(pool, moving.id)["stage_since"] < row(pool, moving.id)["updated_at"]


def test_page_by_page_gives_the_same_rows_as_all_at_once(
    event_log: EventLog, pool: Pool, uploads: Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_life_of_each_kind(uploads)
    monkeypatch.setattr("projections.rows.projector.PAGE", 1)
    projector(event_log, pool).catch_up()
    one_by_one = rows(pool)
    monkeypatch.setattr("projections.rows.projector.PAGE", 1000)
    rebuild(event_log, pool)

    assert rows(pool) == one_by_one


def test_two_projectors_apply_nothing_twice(
    event_log: EventLog, pool: Pool, uploads: Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("projections.rows.projector.PAGE", 50)
    for _ in range(20):
        a_life_of_each_kind(uploads)
    with ThreadPoolExecutor(2) as threads:
        for caught_up in [threads.submit(projector(event_log, pool).catch_up) for _ in range(2)]:
            caught_up.result()
    seen = rows(pool)
    rebuild(event_log, pool)

    assert rows(pool) == seen


def test_a_row_never_goes_back_to_an_older_version(follower: Follower, pool: Pool, uploads: Uploads) -> None:
    upload = run_to(uploads, submit(uploads).id, Stage.COMPLETE)
    follower.catch_up()
    with pool.connection() as connection:
        connection.execute("UPDATE positions SET position = 2 WHERE reader = 'projector'")
    follower.catch_up()

    assert row(pool, upload.id)["version"] == upload.version


def test_an_event_that_cannot_be_applied_stops_its_upload_and_no_other(
    follower: Follower, pool: Pool, uploads: Uploads
) -> None:
    broken, whole = submit(uploads), submit(uploads)
    with pool.connection() as connection:
        connection.execute(
            f"INSERT INTO event_log (upload_id, version, name, {REST})"
            f" SELECT %s, 2, 'upload.unheard-of', {REST} FROM event_log WHERE upload_id = %s".encode(),
            (broken.id, broken.id),
        )
    run_to(uploads, whole.id, Stage.COMPLETE)
    follower.catch_up()

    assert row(pool, broken.id)["version"] == 1
    assert row(pool, whole.id)["stage"] == "complete"
    with pool.connection() as connection:
        quarantined = connection.execute("SELECT upload_id, error FROM quarantine").fetchall()
    assert [upload_id for upload_id, _ in quarantined] == [broken.id]
    assert "upload.unheard-of" in quarantined[0][1]


def test_a_row_that_breaks_a_constraint_stops_its_upload_and_no_other(
    follower: Follower, pool: Pool, uploads: Uploads
) -> None:
    broken, whole = submit(uploads), submit(uploads)
    with pool.connection() as connection:
        # As a careless program might append it: in form an event, in substance against the invariants.
        connection.execute(
            f"INSERT INTO event_log (upload_id, version, name, {REST}) SELECT %s, 2, 'upload.stage-advanced',"
            f' {REST} || \'{{"attempt": 1, "stage": "complete", "progress": 7}}\' FROM event_log'
            " WHERE upload_id = %s".encode(),
            (broken.id, broken.id),
        )
    run_to(uploads, whole.id, Stage.COMPLETE)
    follower.catch_up()

    assert row(pool, whole.id)["stage"] == "complete"
    with pool.connection() as connection:
        assert connection.execute("SELECT upload_id FROM quarantine").fetchall() == [(broken.id,)]


def test_a_reader_that_another_one_overtook_goes_on_where_that_one_is(
    event_log: EventLog, pool: Pool, uploads: Uploads
) -> None:
    handled: list[int] = []
    first, second = (
        Follower("pages", event_log, pool, lambda _, page: handled.extend(one.position for one in page), page=1)
        for _ in range(2)
    )
    for _ in range(4):
        submit(uploads)

    for reader in (first, second, second, first, first):  # the first one has not seen what the second one did
        reader.step()

    assert handled == [1, 2, 3, 4]


def test_few_writes_but_those_that_change_the_status_update_an_index(
    database_url: str, event_log: EventLog, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = 40
    for events in crowd(together, together):
        event_log.insert_events(events)
    monkeypatch.setattr(
        "projections.rows.projector.PAGE", together
    )  # so that every event of an upload is a write of its row
    with open_pool(database_url, 1, "test") as own:
        projector(EventLog(own), own).catch_up()

    until(lambda: writes(pool)[0] == 11 * together, "a session's statistics are there when it has ended")
    assert writes(pool)[1] > 8 * together, "nine of eleven change no status; a few find their page full"


def writes(pool: Pool) -> tuple[int, int]:
    """How often rows of `uploads` were updated, and how often without a change of any index."""
    with pool.connection() as connection:
        query = "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'uploads'"
        ((updated, in_place),) = connection.execute(query).fetchall()
    return int(updated), int(in_place)
