"""Traces without a collector: commands on an upload, what is sampled, what is imported, and who hangs."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import anyio
import pytest
from litestar.enums import ScopeType
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ParentBased, Sampler, TraceIdRatioBased
from opentelemetry.trace import NonRecordingSpan, set_span_in_context

from app.settings.environment import Settings
from app.tracing.opening import NotInstalledError, open_traces
from app.tracing.provider import FLUSH_SECONDS, ByTrace, UploadIds, making_root_of, open_provider, root_of
from app.tracing.traced import Traced
from domain.errors import BlobNotFoundError
from domain.upload import Upload
from domain.uploads import Uploads
from tests.fakes.silent_notifier import SilentNotifier
from tests.house.the_house import ROOT
from tests.lives import Lives

SESSION = "session:abc"


@pytest.fixture
def lives(database_url: str, tmp_path: Path) -> Iterator[Lives]:
    with Lives(database_url, tmp_path) as lives:
        yield lives


@pytest.fixture
def spans() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def provider(spans: InMemorySpanExporter) -> TracerProvider:
    provider = TracerProvider(id_generator=UploadIds(), shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(spans))
    return provider


@pytest.fixture
def traced(provider: TracerProvider) -> Traced:
    return Traced(provider.get_tracer("test"))


def post(traced: Traced, path_template: str, command: Any, status: int = 202) -> None:  # noqa: ANN401 - whatever is done
    """Let a POST do it, as the API would."""

    async def app(scope: Any, _receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI
        scope["path_template"] = path_template
        command()
        await send({"type": "http.response.start", "status": status})

    async def send(_: Any) -> None:  # noqa: ANN401 - ASGI
        """There is no listener."""

    scope: Any = {"type": ScopeType.HTTP, "method": "POST", "state": {}}
    requests: Any = traced.requests(app)
    anyio.run(requests, scope, send, send)


def test_a_cancellation_is_one_more_branch_of_the_uploads_trace(
    lives: Lives, traced: Traced, spans: InMemorySpanExporter
) -> None:
    upload_id = lives.submitted()
    uploads = Uploads(traced.log(lives.log), SilentNotifier())
    post(traced, "/api/uploads/{jobId}/cancel", lambda: uploads.execute(upload_id, Upload.cancel, by=SESSION))
    told = {span.name: span for span in spans.get_finished_spans()}

    assert set(told) == {"append", "POST /api/uploads/{jobId}/cancel"}
    for span in told.values():
        assert span.parent
        assert (span.parent.trace_id, span.parent.span_id) == (upload_id.int, root_of(upload_id).span_id)
        assert span.context.span_id != root_of(upload_id).span_id


def test_a_submission_that_finds_the_first_one_makes_no_second_root(
    lives: Lives, traced: Traced, spans: InMemorySpanExporter
) -> None:
    uploads = Uploads(traced.log(lives.log), SilentNotifier())
    post(traced, "/api/uploads", lambda: uploads.get(lives.submitted()))

    assert spans.get_finished_spans() == ()


def test_what_is_only_read_leaves_no_trace(lives: Lives, traced: Traced, spans: InMemorySpanExporter) -> None:
    upload_id = lives.complete()
    storage = traced.storage(lives.store)
    for key in list(storage.keys(f"{upload_id}/")):
        storage.get(key)
    storage.ping()

    assert spans.get_finished_spans() == ()


def test_an_error_is_told_by_its_kind_and_never_by_its_text(
    lives: Lives, traced: Traced, spans: InMemorySpanExporter
) -> None:
    storage = traced.storage(lives.store)

    def run(upload_id: UUID) -> None:
        storage.get(f"{upload_id}/original-of-a-secret")

    with pytest.raises(BlobNotFoundError):
        traced.run(run)(uuid4())
    for span in spans.get_finished_spans():
        assert (span.attributes or {})["error.type"] == "BlobNotFoundError"
        assert (span.events, span.status.description) == ((), None)


@pytest.mark.parametrize("sampler", [TraceIdRatioBased(0.25), ParentBased(TraceIdRatioBased(0.25))])
def test_of_a_share_of_the_traces_each_is_kept_or_dropped_whole(
    spans: InMemorySpanExporter, provider: TracerProvider, sampler: Sampler
) -> None:
    provider.sampler = ByTrace(sampler)
    tracer = provider.get_tracer("test")
    for _ in range(1000):
        upload_id = uuid4()
        with making_root_of(upload_id):
            tracer.start_span("root").end()
        tracer.start_span("elsewhere", set_span_in_context(NonRecordingSpan(root_of(upload_id)))).end()
    names = [(span.context.trace_id, span.name) for span in spans.get_finished_spans()]
    kept = {trace_id for trace_id, _ in names}

    assert len(names) == 2 * len(kept)
    assert 170 < len(kept) < 330


def test_the_service_needs_nothing_of_opentelemetry_unless_traces_are_collected(tmp_path: Path) -> None:
    (tmp_path / "opentelemetry.py").write_text("raise ImportError('not installed')")
    ask = "import app.bootstrap, app.tracing.untraced, sys; print('app.tracing.spans' in sys.modules)"
    path = f"{tmp_path}:{ROOT}"
    command = [sys.executable, "-c", f"import sys; sys.path[:0] = {path.split(':')!r}; {ask}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)

    assert done.stdout == "False\n"


def test_a_collector_without_the_packages_is_refused_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    monkeypatch.delitem(sys.modules, "app.tracing.provider")
    settings = Settings(otel_exporter_otlp_endpoint="http://127.0.0.1:4318")

    with ExitStack() as stack, pytest.raises(NotInstalledError, match=r"pip install 'darkroom\[otel\]'"):
        open_traces(settings, "work", stack)


def test_a_collector_that_hangs_delays_no_work_and_a_stop_for_a_few_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{listener.getsockname()[1]}")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "5")
        began = time.monotonic()
        with ExitStack() as stack:
            tracer = open_provider("work", "darkroom", stack).get_tracer("test")
            for _ in range(3000):
                tracer.start_span("work").end()
            worked = time.monotonic()
        stopped = time.monotonic()

    assert worked - began < 5
    assert stopped - worked < FLUSH_SECONDS + 2
