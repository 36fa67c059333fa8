"""Sets up OpenTelemetry's SDK, which reads the standard OTEL_ variables by itself, and makes the ids of traces."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from hashlib import sha256
from importlib.metadata import version
from threading import Thread
from typing import Any, Final
from uuid import UUID

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import Sampler, SamplingResult
from opentelemetry.trace import SpanContext, TraceFlags

FLUSH_SECONDS: Final = 3.0
"""How long a stop waits for a collector; spans that it has not taken by then are lost."""

_root_of: ContextVar[UUID | None] = ContextVar("root_of", default=None)


def open_provider(process: str, service: str, stack: ExitStack) -> TracerProvider:
    """A provider that sends from a thread of its own, and never blocks its callers."""
    attributes = {"service.name": service, "service.version": version("darkroom"), "darkroom.process": process}
    provider = TracerProvider(resource=Resource.create(attributes), id_generator=UploadIds(), shutdown_on_exit=False)
    provider.sampler = ByTrace(provider.sampler)
    exporter = OTLPSpanExporter()
    provider.add_span_processor(BatchSpanProcessor(exporter))
    stack.callback(_close, provider, exporter)
    return provider


def root_of(upload_id: UUID) -> SpanContext:
    """Where the root of an upload's trace is, whether it has been made or not."""
    return SpanContext(upload_id.int, _root_id(upload_id), is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))


@contextmanager
def making_root_of(upload_id: UUID) -> Iterator[None]:
    """Give the next span without a parent the ids of the upload's root."""
    token = _root_of.set(upload_id)
    try:
        yield
    finally:
        _root_of.reset(token)


def _root_id(upload_id: UUID) -> int:
    return upload_id.int & 0xFFFF_FFFF_FFFF_FFFF


def _close(provider: TracerProvider, exporter: OTLPSpanExporter) -> None:
    # The SDK would wait half a minute for a collector that hangs.
    closing = Thread(target=provider.shutdown, name="traces", daemon=True)
    closing.start()
    closing.join(FLUSH_SECONDS)
    if closing.is_alive():
        exporter.shutdown()  # type: ignore[no-untyped-call] # the SDK leaves it untyped


class UploadIds(RandomIdGenerator):
    """Random ids, but for the roots of uploads."""

    def generate_trace_id(self) -> int:
        """That of the upload whose root is being made."""
        upload_id = _root_of.get()
        return upload_id.int if upload_id else super().generate_trace_id()

    def generate_span_id(self) -> int:
        """Likewise."""
        upload_id = _root_of.get()
        return _root_id(upload_id) if upload_id else super().generate_span_id()


class ByTrace(Sampler):
    """Asks the sampler that is configured by the trace alone, so that every process keeps or drops the same ones.

    It is shown a hash: the bits of an upload's id that say which kind of UUID it is are no dice.
    """

    def __init__(self, sampler: Sampler) -> None:
        self._sampler = sampler

    def should_sample(self, parent_context: Any, trace_id: int, *arguments: Any, **named: Any) -> SamplingResult:  # noqa: ANN401, ARG002 - the SDK's own signature, handed on
        """What the configured one says of the trace."""
        spread = int.from_bytes(sha256(trace_id.to_bytes(16, "big")).digest()[:16], "big")
        return self._sampler.should_sample(None, spread, *arguments, **named)

    def get_description(self) -> str:
        """The configured one's."""
        return self._sampler.get_description()
