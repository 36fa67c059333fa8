"""The services that tests share, as far as they do not disturb each other."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.acceptance.clients import Api
from tests.acceptance.service import Service, running
from tests.fakes.gemini import FakeGemini
from tests.fakes.posthog import FakePostHog
from tests.photos.variants import NAMES, photo


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


@pytest.fixture
def photos(tmp_path: Path) -> dict[str, Path]:
    """The three photographs, as files."""
    files = {name: tmp_path / f"{name}.jpg" for name in NAMES}
    for name, file in files.items():
        file.write_bytes(photo(name))
    return files
