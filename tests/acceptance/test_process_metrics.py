"""METRICS_PORT: what `work`, `project` and `dispatch` tell of themselves, Dramatiq's own figures among it."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from redis import Redis

from tests.acceptance.service import Running, clean_environment, darkroom
from tests.servers import free_port, open_folder
from tests.waiting import until
from workers.queue.actors import DramatiqQueue
from workers.queue.broker import run_broker


@pytest.fixture
def folder() -> Iterator[Path]:
    with open_folder() as folder:
        yield folder


@pytest.fixture
def settings(database_url: str, valkey_url: str) -> dict[str, str]:
    return {
        "DATABASE_URL": database_url,
        "REDIS_URL": valkey_url,
        "SECRET_KEYS": "a key of these tests that is long enough",
        "METRICS_PORT": str(free_port()),
    }


def scrape(settings: dict[str, str]) -> dict[str, float]:
    """The samples by name and labels' values; none without a listener."""
    try:
        text = httpx.get(f"http://127.0.0.1:{settings['METRICS_PORT']}/metrics", timeout=5, trust_env=False).text
    except httpx.TransportError:
        return {}
    samples = (sample for family in text_string_to_metric_families(text) for sample in family.samples)
    return {" ".join((sample.name, *sample.labels.values())): sample.value for sample in samples}


@pytest.mark.parametrize("process", ["work", "project", "dispatch"])
def test_a_process_tells_its_pool_its_version_and_its_memory(
    process: str, folder: Path, settings: dict[str, str]
) -> None:
    with Running(process, folder=folder, environment=clean_environment(**settings)) as running:
        until(lambda: bool(scrape(settings)), f"it does not listen:\n{running.output}", 60)
        told = scrape(settings)

    assert told["darkroom_pool_connections_max log"] == 10
    assert told["process_resident_memory_bytes"] > 0
    assert [name.split()[1] for name in told if name.startswith("darkroom_build_info")] == [process]
    assert scrape(settings) == {}, "it listens no longer"


def test_a_worker_tells_what_dramatiq_counts(folder: Path, settings: dict[str, str]) -> None:
    with (
        Running("work", folder=folder, environment=clean_environment(**settings)) as running,
        Redis.from_url(settings["REDIS_URL"]) as redis,
    ):
        DramatiqQueue(run_broker(redis)).send(uuid4())
        until(
            lambda: scrape(settings).get("dramatiq_messages_total run_upload runs") == 1,
            f"the message is not counted:\n{running.output}",
            60,
        )
        told = scrape(settings)

    assert told["dramatiq_messages_inprogress run_upload runs"] == 0
    assert told["dramatiq_message_duration_milliseconds_count run_upload runs"] == 1


def test_a_port_that_is_taken_is_one_sentence(folder: Path, settings: dict[str, str]) -> None:
    with Running("project", folder=folder, environment=clean_environment(**settings)) as running:
        until(lambda: bool(scrape(settings)), f"it does not listen:\n{running.output}", 60)
        second = darkroom("project", folder=folder, **settings)

    assert second.returncode == 1
    assert second.stderr.endswith(
        f"The metrics cannot be served on 127.0.0.1, METRICS_PORT {settings['METRICS_PORT']}: Address already in use. "
        "Every process on a machine needs a port of its own.\n"
    )
