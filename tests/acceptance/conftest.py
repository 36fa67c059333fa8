"""The services that tests share, as far as they do not disturb each other."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest

from tests.acceptance.clients import Api, Job
from tests.acceptance.service import Service, running
from tests.fakes.gemini import FakeGemini
from tests.fakes.posthog import FakePostHog
from tests.photos.variants import NAMES, photo
from tests.waiting import until


class Connected(NamedTuple):
    """A service with the services of others that it uses."""

    service: Service
    api: Api
    gemini: FakeGemini
    posthog: FakePostHog


@pytest.fixture(scope="package")
def service() -> Iterator[Service]:
    """A service with no settings at all, as a newcomer starts it."""
    with running() as service:
        yield service


@pytest.fixture(scope="package")
def api(service: Service) -> Iterator[Api]:
    """A client of the newcomer's service."""
    with Api(service.url) as api:
        yield api


@pytest.fixture(scope="package")
def connected() -> Iterator[Connected]:
    """A service that asks Gemini for its pictures, and tells PostHog."""
    with FakeGemini() as gemini, FakePostHog() as posthog:
        settings = {
            "GEMINI_API_KEY": gemini.key,
            "GEMINI_BASE_URL": gemini.url,
            "POSTHOG_API_KEY": "phc_acceptance",
            "POSTHOG_HOST": posthog.url,
        }
        with running(**settings) as service, Api(service.url) as api:
            yield Connected(service, api, gemini, posthog)


def settle(connected: Connected, jobs: Sequence[Job]) -> None:
    """End what a test has left over: its uploads would take the answers of the next test, or it those of this one."""
    for job in jobs:
        connected.api.cancel(job)
    until(lambda: not held(connected.service.addresses.database_url, jobs), "a run of the test before goes on")
    connected.gemini.forget_answers()


def held(database_url: str, jobs: Sequence[Job]) -> bool:
    """Whether a run of these jobs is under way: it could still call the image model."""
    with psycopg.connect(database_url) as connection:
        query = "SELECT count(*) FROM live_leases WHERE upload_id = ANY(%s::uuid[])"
        (row,) = connection.execute(query, ([job.id for job in jobs],)).fetchall()
    return bool(row[0])


@pytest.fixture(autouse=True)
def one_test_alone(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever becomes of a test, the next one finds the shared service with no upload and no answer of it."""
    if "connected" not in request.fixturenames:
        yield
        return
    connected: Connected = request.getfixturevalue("connected")
    already = len(connected.api.submitted)
    yield
    settle(connected, connected.api.submitted[already:])


@pytest.fixture
def photos(tmp_path: Path) -> dict[str, Path]:
    """The three photographs, as files."""
    files = {name: tmp_path / f"{name}.jpg" for name in NAMES}
    for name, file in files.items():
        file.write_bytes(photo(name))
    return files
