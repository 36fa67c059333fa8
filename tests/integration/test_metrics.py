"""GET /metrics and /readyz of the API as it is composed, over a real PostgreSQL, a real Valkey and a folder."""

import asyncio
import re
import shutil
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from litestar.testing import TestClient
from msgspec import Struct
from prometheus_client.parser import text_string_to_metric_families
from redis import Redis

from app.bootstrap import open_api
from app.settings.environment import Settings
from domain.failures import FailureCode
from domain.stages import Stage
from tests.house.test_alerts import RULES
from tests.integration.api.service import error_of
from tests.lives import WORKER, Lives, soon
from tests.waiting import BUSY_SECONDS, until
from workers.queue.actors import DramatiqQueue, run_broker
from workers.queue.leases import Leases

KEY: Final = "a key of these tests that is long enough"
NOWHERE: Final = "postgresql:///darkroom?host=/nonexistent"


class Scene(Struct):
    """The API and the folder of its objects."""

    client: TestClient[Any]
    objects: Path

    def is_ready(self) -> bool:
        """Whether every dependency answers, in the time that a check has."""
        return self.client.get("/readyz").status_code == 200

    def text(self) -> str:
        """The figures, which must come in time."""
        response = self.client.get("/metrics")
        assert response.status_code == 200
        assert response.headers["Content-Type"].startswith("text/plain; version=")
        assert response.elapsed.total_seconds() < 3 + BUSY_SECONDS
        return response.text

    def scrape(self) -> dict[str, float]:
        """Every sample, by its name with its labels' values, in the order of their names."""
        samples = (sample for family in text_string_to_metric_families(self.text()) for sample in family.samples)
        return {
            " ".join((sample.name, *(sample.labels[label] for label in sorted(sample.labels)))): sample.value
            for sample in samples
        }


@contextmanager
def running_api(folder: Path, **settings: Any) -> Iterator[Scene]:  # noqa: ANN401 - the fields of Settings
    """The API that `darkroom serve` serves."""
    with ExitStack() as stack:
        app = open_api(Settings(secret_keys=(KEY,), data_dir=folder, **settings), stack, asyncio.Event())
        yield Scene(stack.enter_context(TestClient(app, raise_server_exceptions=False)), folder / "objects")


@pytest.fixture(autouse=True)
def _every_scrape_asks_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.api.operations.metrics.FRESH_SECONDS", -1)


@pytest.fixture
def scene(database_url: str, valkey_url: str, tmp_path: Path) -> Iterator[Scene]:
    with running_api(tmp_path, database_url=database_url, redis_url=valkey_url) as scene:
        yield scene


@pytest.fixture
def lives(database_url: str, tmp_path: Path) -> Iterator[Lives]:
    with Lives(database_url, tmp_path / "lives") as lives:
        yield lives


@pytest.fixture
def redis(valkey_url: str) -> Iterator[Redis]:
    with Redis.from_url(valkey_url) as redis:
        yield redis
        redis.config_set("maxmemory-policy", "noeviction")


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
    lives.uploads.fail_attempt(
        again, FailureCode.GENERATION_UNAVAILABLE, soon(), stage=Stage.GENERATING, attempt=1, by=WORKER
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


def test_an_unavailable_database_is_reported_with_all_other_metrics(valkey_url: str, tmp_path: Path) -> None:
    with running_api(tmp_path, database_url=NOWHERE, redis_url=valkey_url) as scene:
        told = scene.scrape()

    assert [told[f"darkroom_up {name}"] for name in ("postgres", "redis", "storage")] == [0, 1, 1]
    assert told["darkroom_queue_messages waiting"] == 0
    assert told["darkroom_pool_connects_failed_total log"] > 0
    assert "darkroom_log_position" not in told


def test_a_database_that_accepts_and_never_answers_delays_no_scrape(valkey_url: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"postgresql://darkroom@127.0.0.1:{listener.getsockname()[1]}/darkroom"
        with running_api(tmp_path, database_url=url, redis_url=valkey_url) as scene:
            told = [scene.scrape() for _ in range(3)]

    assert [(answer["darkroom_up postgres"], answer["darkroom_up redis"]) for answer in told] == [(0, 1)] * 3


def test_scrapes_at_the_same_time_query_the_database_once(
    scene: Scene, lives: Lives, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.api.operations.metrics.FRESH_SECONDS", 60)
    before = scene.scrape()
    lives.submitted()

    assert scene.scrape()["darkroom_log_position"] == before["darkroom_log_position"] == 0


def test_a_redis_that_may_evict_makes_the_service_unready_and_says_so(scene: Scene, redis: Redis) -> None:
    until(scene.is_ready, "it is not ready")
    redis.config_set("maxmemory-policy", "allkeys-lru")
    until(lambda: not scene.is_ready(), "an old answer stands for too long", seconds=10)
    refused = scene.client.get("/readyz")

    assert error_of(refused) == (503, "NOT_READY")
    assert refused.json()["checks"] == {
        "postgres": "ok",
        "redis": "Redis may evict queued runs: its maxmemory-policy is allkeys-lru, not noeviction.",
        "storage": "ok",
    }
    assert scene.scrape()["darkroom_up redis"] == 0


def test_a_storage_that_is_gone_makes_the_service_unready_and_says_so(scene: Scene) -> None:
    until(scene.is_ready, "it is not ready")
    shutil.rmtree(scene.objects)
    scene.objects.write_text("no folder")
    until(lambda: not scene.is_ready(), "an old answer stands for too long", seconds=10)
    refused = scene.client.get("/readyz")

    assert error_of(refused) == (503, "NOT_READY")
    assert [name for name, answer in refused.json()["checks"].items() if answer != "ok"] == ["storage"]
    assert scene.scrape()["darkroom_up storage"] == 0


def test_a_projector_that_lags_does_not_make_the_service_unready(scene: Scene, lives: Lives) -> None:
    # No load balancer helps against it: every API process reads the same rows. Its alert is DarkroomReaderLags.
    lives.age(lives.submitted(), timedelta(minutes=10))

    until(scene.is_ready, "it is not ready")
    assert scene.scrape()["darkroom_reader_lag_seconds projector"] > 500
