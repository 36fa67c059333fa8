"""A scrape is answered in time, whatever the database does, and many at once ask it once."""

import socket
from pathlib import Path

import pytest

from tests.integration.operations.scrapes import NOWHERE, Scene, running_api
from tests.lives import Lives


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
