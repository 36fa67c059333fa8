"""The pipeline on a real PostgreSQL, a real folder and a server that speaks Gemini's protocol."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.storage.folder import FolderStore
from domain.uploads import Uploads
from projections.log.event_log import EventLog
from tests.fakes.gemini import FakeGemini
from tests.integration.pipeline.rig import PipelineRig, Pool
from workers.imaging.sandbox import Sandbox
from workers.vision.gemini import GeminiModel
from workers.vision.local import LocalModel
from workers.vision.model import ImageModel


@pytest.fixture
def rig(uploads: Uploads, event_log: EventLog, pool: Pool, tmp_path: Path) -> PipelineRig:
    return PipelineRig(uploads, event_log, pool, FolderStore(tmp_path, lambda key, _: key))


@pytest.fixture
def local() -> ImageModel:
    return LocalModel(Sandbox())


@pytest.fixture
def gemini() -> Iterator[FakeGemini]:
    with FakeGemini() as server:
        yield server


@pytest.fixture
def model(gemini: FakeGemini) -> Iterator[ImageModel]:
    gemini_model = GeminiModel(gemini.key, "gemini-2.5-flash-image", base_url=gemini.url, timeout_s=60)
    yield gemini_model
    gemini_model.close()
