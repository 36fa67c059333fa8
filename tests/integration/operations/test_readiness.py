"""GET /readyz says what keeps the service from working, and only that."""

import shutil
from datetime import timedelta

from redis import Redis

from tests.integration.api.service import error_of
from tests.integration.operations.scrapes import Scene
from tests.lives import Lives
from tests.waiting import until


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
