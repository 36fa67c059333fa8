"""The tracing interface, and the no-op implementation that is used when no collector is configured."""

from collections.abc import Callable
from typing import Any, Protocol
from uuid import UUID

from eventsourcing.persistence import AggregateRecorder
from litestar.types import ASGIApp

from domain.ports import BlobStore, RunQueue
from workers.runs.stages import Stages
from workers.vision.model import ImageModel

Run = Callable[[UUID], None]


class Traces(Protocol):
    """Each method gives its part back, with spans around what it does."""

    def requests(self, app: ASGIApp) -> ASGIApp:
        """The API."""

    def log(self, recorder: AggregateRecorder) -> AggregateRecorder:
        """Appends to the log."""

    def storage(self, blobs: BlobStore) -> BlobStore:
        """The object storage."""

    def queue(self, queue: RunQueue) -> RunQueue:
        """The queue of runs."""

    def model(self, model: ImageModel) -> ImageModel:
        """The image model."""

    def run(self, run: Run) -> Run:
        """The run of an upload."""

    def stages(self, **parts: Any) -> Stages:  # noqa: ANN401 - what the stages are made of
        """The stages, made of these parts."""


class NoTraces:
    """No collector is configured."""

    def requests(self, app: ASGIApp) -> ASGIApp:
        """As it is."""
        return app

    def log(self, recorder: AggregateRecorder) -> AggregateRecorder:
        """As it is."""
        return recorder

    def storage(self, blobs: BlobStore) -> BlobStore:
        """As it is."""
        return blobs

    def queue(self, queue: RunQueue) -> RunQueue:
        """As it is."""
        return queue

    def model(self, model: ImageModel) -> ImageModel:
        """As it is."""
        return model

    def run(self, run: Run) -> Run:
        """As it is."""
        return run

    def stages(self, **parts: Any) -> Stages:  # noqa: ANN401 - what the stages are made of
        """As they are."""
        return Stages(**parts)
