"""PostgreSQL or Redis is gone, frozen or full under the whole service: it says so politely, and heals by itself."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial

import httpx
import psycopg
import pytest
from redis import Redis

from tests.acceptance.clients import Watch
from tests.acceptance.fleet import Fleet
from tests.fakes.gemini_replies import after, picture
from tests.linux_processes import frozen
from tests.photos.variants import NAMES, photo
from tests.waiting import until

Outage = Callable[[Fleet], AbstractContextManager[object]]


@pytest.fixture(scope="module")
def fleet() -> Iterator[Fleet]:
    with Fleet("project", "dispatch", "work", "serve") as fleet:
        fleet.gemini.always_answer_with(after(0.5, picture()))
        yield fleet


@pytest.fixture(autouse=True)
def _same_processes_and_nothing_violated(fleet: Fleet) -> Iterator[None]:
    yield
    assert [name for name, process in fleet.running if process.has_ended] == []
    fleet.assert_verified()


def standing_still(fleet: Fleet, server: str) -> AbstractContextManager[None]:
    """Its processes are frozen, and its connections stay open."""
    return frozen(getattr(fleet, server).pid)


@contextmanager
def refusing(fleet: Fleet, server: str) -> Iterator[None]:
    """No server listens where it was."""
    getattr(fleet, server).stop()
    try:
        yield
    finally:
        getattr(fleet, server).start()


@contextmanager
def configured(fleet: Fleet, setting: str, value: str, again: str) -> Iterator[None]:
    """Valkey with another setting."""
    with Redis.from_url(fleet.valkey.url) as redis:
        redis.config_set(setting, value)
        try:
            yield
        finally:
            redis.config_set(setting, again)


@contextmanager
def flushed(fleet: Fleet) -> Iterator[None]:
    """Valkey forgets everything, at the beginning and at the end."""
    with Redis.from_url(fleet.valkey.url) as redis:
        redis.flushall()
        yield
        redis.flushall()


REDIS_OUTAGES: dict[str, Outage] = {
    "frozen": partial(standing_still, server="valkey"),
    "refusing": partial(refusing, server="valkey"),
    "full": partial(configured, setting="maxmemory", value="1", again="0"),
    "flushed": flushed,
}


@pytest.mark.parametrize("outage", REDIS_OUTAGES.values(), ids=REDIS_OUTAGES)
def test_without_redis_photos_are_taken_in_and_polls_answered_and_everything_completes_afterwards(
    fleet: Fleet, outage: Outage
) -> None:
    before = [fleet.api.submit(photo(name)) for name in NAMES]
    with outage(fleet):
        meanwhile = [fleet.api.submit(photo(NAMES[number % 3])) for number in range(6)]
        assert {fleet.api.status(job)["isTerminal"] for job in meanwhile} <= {True, False}
    with Watch(fleet.api, *before, *meanwhile) as watch:
        watch.until_complete()


def test_a_redis_that_may_evict_is_not_ready_and_says_so(fleet: Fleet) -> None:
    with configured(fleet, "maxmemory-policy", "allkeys-lru", "noeviction"):
        answer = httpx.get(f"{fleet.api.url}/readyz", timeout=8, trust_env=False)
    assert answer.status_code == httpx.codes.SERVICE_UNAVAILABLE
    assert "maxmemory-policy is allkeys-lru, not noeviction" in answer.json()["checks"]["redis"]
    until(lambda: httpx.get(f"{fleet.api.url}/readyz", timeout=8, trust_env=False).is_success, "it stays unready")


@pytest.mark.parametrize("outage", [standing_still, refusing], ids=["frozen", "refusing"])
def test_without_postgresql_everybody_is_asked_for_patience_and_no_upload_fails_for_it(
    fleet: Fleet, outage: Callable[[Fleet, str], AbstractContextManager[None]]
) -> None:
    jobs = [fleet.api.submit(photo(NAMES[number % 3])) for number in range(6)]
    with Watch(fleet.api, *jobs) as watch:
        with outage(fleet, "postgres"):
            refused = fleet.api.post(photo("cat"))
            until(lambda: all(poller.refusals for poller in watch.pollers if not poller.ended), "no client is told")
        watch.until_complete()
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "UNAVAILABLE")
    assert "Retry-After" in refused.headers
    assert {poller.last["attempt"] for poller in watch.pollers} == {1}


@pytest.mark.parametrize("server", ["postgres", "valkey"])
def test_cut_connections_are_made_again_by_the_same_processes(fleet: Fleet, server: str) -> None:
    jobs = [fleet.api.submit(photo(NAMES[number % 3])) for number in range(6)]
    with Watch(fleet.api, *jobs) as watch:
        for _ in range(3):
            cut(fleet, server)
        watch.until_complete()


def cut(fleet: Fleet, server: str) -> None:
    """End every connection of the service to it."""
    if server == "valkey":
        with Redis.from_url(fleet.valkey.url) as redis:
            redis.client_kill_filter(_type="normal")
            redis.client_kill_filter(_type="pubsub")
        return
    with psycopg.connect(fleet.postgres.url) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
