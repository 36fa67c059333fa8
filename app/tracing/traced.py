"""The parts of Darkroom with spans around what they do; each wraps one port and changes nothing."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from datetime import timedelta
from typing import Any, BinaryIO
from uuid import UUID

from eventsourcing.persistence import AggregateRecorder, StoredEvent
from litestar.types import ASGIApp
from opentelemetry import trace
from opentelemetry.trace import SpanKind, Tracer

from app.tracing.requests import command_under_way, traced_commands
from app.tracing.spans import Spans, facts
from app.tracing.untraced import Run
from domain.events import AttemptStarted
from domain.ports import BlobStore, RunQueue
from workers.runs.attempt import Attempt
from workers.runs.stages import Stages
from workers.vision.model import Answer, ImageModel


class Traced:
    """Wraps the parts of one process."""

    def __init__(self, tracer: Tracer) -> None:
        self._spans = Spans(tracer)

    def requests(self, app: ASGIApp) -> ASGIApp:
        """The API: a span for each command on an upload; its submission is the root."""
        return traced_commands(app, self._spans.tracer)

    def log(self, recorder: AggregateRecorder) -> AggregateRecorder:
        """The log: a span for each append."""
        return _Log(recorder, self._spans)

    def storage(self, blobs: BlobStore) -> BlobStore:
        """The object storage: a span for each call."""
        return _Storage(blobs, self._spans)

    def queue(self, queue: RunQueue) -> RunQueue:
        """The queue: a span for each run that is sent."""
        return _Queue(queue, self._spans)

    def model(self, model: ImageModel) -> ImageModel:
        """The image model: a span for each call."""
        return _Model(model, self._spans)

    def run(self, run: Run) -> Run:
        """A run: a span, called an attempt once it is one."""

        def traced_run(upload_id: UUID) -> None:
            with self._spans.below_root("run", SpanKind.CONSUMER, upload_id):
                run(upload_id)

        return traced_run

    def stages(self, **parts: Any) -> Stages:  # noqa: ANN401 - what the stages are made of
        """The stages: a span for each."""
        return _Stages(self._spans, **parts)


class _Log(AggregateRecorder):
    def __init__(self, recorder: AggregateRecorder, spans: Spans) -> None:
        self._recorder = recorder
        self._spans = spans

    def insert_events(self, stored_events: Sequence[StoredEvent], **named: Any) -> Sequence[int] | None:  # noqa: ANN401 - the library's own signature
        upload_id, version = UUID(str(stored_events[0].originator_id)), stored_events[0].originator_version
        topics = [event.topic for event in stored_events]
        with self._spans.asking("append", upload_id, events=", ".join(topics)):
            positions = self._recorder.insert_events(stored_events, **named)
        if command := command_under_way():
            command.note_appended(upload_id, version)
        if AttemptStarted.NAME in topics:
            trace.get_current_span().update_name("attempt")
            trace.get_current_span().set_attributes(facts())
        return positions

    def select_events(self, originator_id: UUID | str, **named: Any) -> Sequence[StoredEvent]:  # noqa: ANN401 - the library's own signature
        return self._recorder.select_events(originator_id, **named)


class _Storage:
    def __init__(self, blobs: BlobStore, spans: Spans) -> None:
        self._blobs = blobs
        self._spans = spans

    def spool(self) -> BinaryIO:
        return self._blobs.spool()

    def put(self, key: str, body: BinaryIO, media_type: str) -> None:
        with self._asking("put", key):
            self._blobs.put(key, body, media_type)

    def get(self, key: str) -> bytes:
        with self._asking("get", key):
            return self._blobs.get(key)

    def keys(self, prefix: str) -> Iterator[str]:
        with self._asking("list", prefix):
            return iter(list(self._blobs.keys(prefix)))  # all of them, or the span would end before the listing

    def delete(self, key: str) -> None:
        with self._asking("delete", key):
            self._blobs.delete(key)

    def signed_url(self, key: str, lifetime: timedelta) -> str:
        return self._blobs.signed_url(key, lifetime)

    def ping(self) -> None:
        self._blobs.ping()

    def _asking(self, what: str, key: str) -> AbstractContextManager[None]:
        upload_id = None
        with suppress(ValueError):
            upload_id = UUID(key.partition("/")[0])
        return self._spans.asking(f"storage {what}", upload_id, key=key)


class _Queue:
    def __init__(self, queue: RunQueue, spans: Spans) -> None:
        self._queue = queue
        self._spans = spans

    def send(self, upload_id: UUID) -> None:
        with self._spans.below_root("dispatch", SpanKind.PRODUCER, upload_id):
            self._queue.send(upload_id)


class _Model:
    def __init__(self, model: ImageModel, spans: Spans) -> None:
        self._model = model
        self._spans = spans

    @property
    def name(self) -> str:
        return self._model.name

    @property
    def expected_seconds(self) -> float:
        return self._model.expected_seconds

    def prepare(self) -> None:
        self._model.prepare()

    def generate(self, clean_jpeg: bytes, prompt: str) -> Answer:
        with self._spans.asking("image model", None, model=self._model.name):
            return self._model.generate(clean_jpeg, prompt)


class _Stages(Stages):
    def __init__(self, spans: Spans, **parts: Any) -> None:  # noqa: ANN401 - what the stages are made of
        super().__init__(**parts)
        self._spans = spans

    def validate(self, attempt: Attempt) -> None:
        with self._spans.below("validating"):
            super().validate(attempt)

    def generate(self, attempt: Attempt) -> None:
        with self._spans.below("generating"):
            super().generate(attempt)

    def store(self, attempt: Attempt) -> None:
        with self._spans.below("storing"):
            super().store(attempt)

    def watermark(self, attempt: Attempt) -> None:
        with self._spans.below("watermarking"):
            super().watermark(attempt)
