"""GET /metrics tells what the log, the read model and the queue hold."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from redis import Redis

from domain.failures import FailureCode
from domain.stages import Stage
from domain.upload import Upload
from tests.house.test_alerts import RULES
from tests.integration.operations.scrapes import KEY, Scene, running_api
from tests.lives import Lives, soon
from tests.submissions import WORKER
from workers.queue.actors import DramatiqQueue
from workers.queue.broker import run_broker
from workers.queue.leases import Leases

pytestmark = pytest.mark.usefixtures("patience")


def test_every_metric_of_every_alert_exists_before_the_first_upload(scene: Scene) -> None:
    scene.client.get("/nowhere")
    text = scene.text()
    kinds = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))
    endings = {"counter": ("",), "histogram": ("_bucket", "_count", "_sum")}
    told = {name + ending for name, kind in kinds.items() for ending in endings.get(kind, ("",))}
    named = {name for rule in RULES for name in re.findall(r"\bdarkroom_\w+", rule["expr"])}

    assert named
    assert named - told == set()


def test_uploads_are_counted_by_stage_and_by_how_they_ended(scene: Scene, lives: Lives) -> None:
    lives.submitted()
    lives.complete()
    lives.reached(Stage.GENERATING)
    lives.failed(Stage.GENERATING, FailureCode.CONTENT_BLOCKED)
    again = lives.reached(Stage.GENERATING)
    lives.uploads.execute(
        again,
        Upload.fail_attempt,
        FailureCode.GENERATION_UNAVAILABLE,
        soon(),
        stage=Stage.GENERATING,
        attempt=1,
        by=WORKER,
    )
    lives.project()
    told = scene.scrape()

    assert told["darkroom_uploads_open false none pending"] == 1
    assert told["darkroom_uploads_open true generating processing"] == 1
    assert told["darkroom_uploads_open false generating processing"] == 1
    assert (told["darkroom_uploads_submitted"], told["darkroom_uploads_completed"]) == (5, 1)
    assert told["darkroom_uploads_failed CONTENT_BLOCKED"] == 1
    assert told["darkroom_attempts_put_back GENERATION_UNAVAILABLE"] == 1
    assert told["darkroom_log_position"] == lives.log.last_position()


def test_the_work_of_each_stage_is_timed_by_the_events_that_end_it(scene: Scene, lives: Lives) -> None:
    upload_id = lives.complete()
    with lives.pool.connection() as connection, connection.transaction():
        connection.execute("ALTER TABLE event_log DISABLE TRIGGER event_log_is_append_only")
        # submitted, attempt, validating 10, generating 30, result, storing 80, watermarking 90, preview, complete
        for version, seconds in enumerate((0, 5, 5, 6, 16, 16, 16, 19, 20), start=1):
            connection.execute(
                "UPDATE event_log SET recorded_at = now() - interval '1 minute' + make_interval(secs => %s)"
                " WHERE upload_id = %s AND version = %s",
                (seconds, upload_id, version),
            )
        connection.execute("ALTER TABLE event_log ENABLE TRIGGER event_log_is_append_only")
    told = scene.scrape()

    assert {stage: told[f"darkroom_stage_seconds_median {stage}"] for stage in ("validating", "storing")} == {
        "validating": 1,
        "storing": 10,
    }
    assert told["darkroom_stage_seconds_max watermarking"] == 4
    assert told["darkroom_stage_runs watermarking"] == 1
    assert told["darkroom_upload_seconds_p95"] == 20


def test_the_lag_of_a_reader_is_reported_in_events_and_in_seconds(scene: Scene, lives: Lives) -> None:
    lives.project()
    first, second = lives.submitted(), lives.submitted()
    lives.project()
    lives.run(first, Stage.VALIDATING)
    lives.age(first, timedelta(minutes=2))
    told = scene.scrape()

    assert told["darkroom_reader_lag_events projector"] == 2
    assert told["darkroom_reader_lag_seconds projector"] == pytest.approx(120, abs=20)
    assert told["darkroom_reader_lag_events dispatcher"] == 4, "one that never ran lags from the beginning"
    assert second


def test_uploads_that_stand_still_leases_and_quarantine_are_told(scene: Scene, lives: Lives) -> None:
    waiting, held = lives.submitted(), lives.reached(Stage.GENERATING)
    broken = lives.submitted()
    lives.insert(broken, 2, "upload.unheard-of")
    lives.project()
    lives.age(waiting, timedelta(minutes=5))
    assert Leases(lives.pool, "a worker").take(held)
    told = scene.scrape()

    assert told["darkroom_uploads_standing_still"] == 1
    assert told["darkroom_uploads_oldest_due_seconds"] == pytest.approx(300, abs=20)
    assert told["darkroom_uploads_oldest_pending_seconds"] == pytest.approx(300, abs=20)
    assert told["darkroom_uploads_quarantined"] == 1
    assert (told["darkroom_leases_live"], told["darkroom_workers_running"]) == (1, 1)


def test_an_event_that_cannot_be_read_hides_no_metric(scene: Scene, lives: Lives) -> None:
    broken = lives.reached(Stage.VALIDATING)
    lives.insert(broken, 4, "upload.stage-advanced", attempt="first", stage="generating")
    lives.insert(broken, 5, "upload.failed")
    told = scene.scrape()

    assert (told["darkroom_up postgres"], told["darkroom_uploads_submitted"]) == (1, 1)
    assert told["darkroom_uploads_failed unknown"] == 1


def test_the_window_is_bounded_by_time_and_by_events(
    scene: Scene, lives: Lives, monkeypatch: pytest.MonkeyPatch
) -> None:
    long_ago = lives.failed(Stage.GENERATING)
    lives.age(long_ago, timedelta(hours=2))
    assert "darkroom_uploads_failed NO_IMAGE_GENERATED" not in scene.scrape()

    lives.failed(Stage.GENERATING)
    assert scene.scrape()["darkroom_uploads_failed NO_IMAGE_GENERATED"] == 1
    monkeypatch.setattr("projections.queries.figures.WINDOW", 3)
    for _ in range(3):
        lives.submitted()
    told = scene.scrape()
    assert "darkroom_uploads_failed NO_IMAGE_GENERATED" not in told
    assert told["darkroom_window_seconds"] < 60


def test_the_queue_is_told_by_the_keys_that_dramatiq_really_uses(scene: Scene, redis: Redis, lives: Lives) -> None:
    broker = run_broker(redis)
    for _ in range(3):
        DramatiqQueue(broker).send(lives.submitted())
    taken = next(broker.consume("runs", prefetch=1, timeout=1000))
    told = scene.scrape()

    assert taken
    assert [told[f"darkroom_queue_messages {state}"] for state in ("waiting", "taken", "dead")] == [2, 1, 0]


def test_paid_calls_are_told_beside_their_budget(
    database_url: str, valkey_url: str, lives: Lives, tmp_path: Path
) -> None:
    for hours in (0, 2):
        lives.execute(
            "INSERT INTO generation_calls (upload_id, attempt, model, called_at)"
            " VALUES (gen_random_uuid(), 1, 'gemini', now() - make_interval(hours => %s))",
            hours,
        )
    budget = {"generation_budget_per_hour": 7}
    with running_api(tmp_path, database_url=database_url, redis_url=valkey_url, **budget) as scene:
        told = scene.scrape()

    assert told["darkroom_paid_calls gemini"] == 1
    assert told["darkroom_paid_calls_budget"] == 7


def test_requests_are_counted_by_route_and_answer_whatever_was_asked_for(scene: Scene) -> None:
    for path in ("/healthz", "/nowhere/a-secret-of-a-user", "/api/status/0f8f2c7e-3d0b-4a57-9a53-6f1f0c1f9c11"):
        scene.client.get(path)
    scene.client.post("/healthz")
    scene.client.request("BREW", "/healthz")
    told = {name: value for name, value in scene.scrape().items() if name.startswith("darkroom_http_request_seconds_c")}

    assert told == {
        "darkroom_http_request_seconds_count GET /healthz 200": 1,
        "darkroom_http_request_seconds_count GET unknown 404": 1,
        "darkroom_http_request_seconds_count GET /api/status/{jobId} 401": 1,
        "darkroom_http_request_seconds_count POST unknown 405": 1,
        "darkroom_http_request_seconds_count unknown unknown 405": 1,
    }
    assert "a-secret" not in scene.text()


def test_it_shows_no_secret_no_upload_and_no_address(
    scene: Scene, lives: Lives, database_url: str, valkey_url: str
) -> None:
    upload_id = lives.complete()
    lives.project()
    text = scene.text()

    assert [secret for secret in (KEY, database_url, valkey_url, str(upload_id)) if secret in text] == []
