"""The API as it is composed, its figures, and its answer to whether it is ready."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

from litestar.testing import TestClient
from msgspec import Struct
from prometheus_client.parser import text_string_to_metric_families

from app.bootstrap import open_api
from app.settings.environment import Settings
from tests.waiting import BUSY_SECONDS

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
