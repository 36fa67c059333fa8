"""The command line's HTTP client and the real API, each as it is, understand each other."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from app.cli.jobs import client as client_module
from app.cli.jobs.client import Client, Job, RefusedError
from domain.stages import Stage
from tests.integration.api.service import JPEG
from tests.integration.api.serving import start
from tests.lives import Lives
from tests.servers import free_port


@pytest.fixture
def url(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A process that serves the API, soon."""
    monkeypatch.setattr(client_module, "START_SECONDS", 60.0)
    process = start(database_url, tmp_path, port := free_port())
    yield f"http://127.0.0.1:{port}"
    process.kill()
    process.communicate()


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """Something that begins like a photo."""
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(JPEG)
    return photo


def test_a_photo_is_submitted_watched_and_its_preview_fetched(
    url: str, photo: Path, database_url: str, tmp_path: Path
) -> None:
    with Client(url) as client, Lives(database_url, tmp_path) as lives:
        job = client.submit(photo)
        bodies = client.watch(job, 30)
        assert next(bodies)["status"] == "pending"
        lives.run(UUID(job.id), Stage.COMPLETE)
        lives.project()
        *_, last = bodies
        assert last["status"] == "completed"
        assert client.status(job) == last
        assert client.preview(job, last["resultId"]) == b"preview"


def test_what_the_api_refuses_is_said_in_its_own_sentence(url: str, photo: Path) -> None:
    photo.write_bytes(b"no photo at all")
    with Client(url) as client:
        with pytest.raises(RefusedError, match="not a supported photo"):
            client.submit(photo)
        with pytest.raises(RefusedError, match="session token"):
            client.status(Job("6f1c2c1e-6a43-4c6e-9d0a-0f7f2f8f1d11", "forged"))
