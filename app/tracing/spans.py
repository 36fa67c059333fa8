"""Spans, in the trace of the upload that they are about.

An error is told by its kind alone: its text may say what is for the log only, where secrets are masked.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from uuid import UUID

import structlog
from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer

from app.tracing.provider import root_of
from app.tracing.requests import command_under_way

FACTS: Final = ("upload_id", "correlation_id", "attempt")
"""The names of the log's context variables that become attributes of spans."""


def facts() -> dict[str, Any]:
    """What is known of the job in whose name we act."""
    bound = structlog.contextvars.get_contextvars()
    return {f"darkroom.{name}": bound[name] for name in FACTS if name in bound}


class Spans:
    """Makes spans with one tracer."""

    def __init__(self, tracer: Tracer) -> None:
        self.tracer = tracer

    @contextmanager
    def below_root(self, name: str, kind: SpanKind, upload_id: UUID) -> Iterator[Span]:
        """A span below the root of the upload's trace, wherever that is made."""
        root = trace.set_span_in_context(trace.NonRecordingSpan(root_of(upload_id)))
        with (
            self.tracer.start_as_current_span(
                name,
                root,
                kind=kind,
                attributes={"darkroom.upload_id": str(upload_id), **facts()},
                record_exception=False,
                set_status_on_exception=False,
            ) as span,
            _ended_by(span),
        ):
            yield span

    @contextmanager
    def below(self, name: str, kind: SpanKind = SpanKind.INTERNAL) -> Iterator[Span]:
        """A span below the one that is under way."""
        with (
            self.tracer.start_as_current_span(
                name, kind=kind, attributes=facts(), record_exception=False, set_status_on_exception=False
            ) as span,
            _ended_by(span),
        ):
            yield span

    @contextmanager
    def asking(self, name: str, upload_id: UUID | None, **told: str) -> Iterator[None]:
        """A span around what a dependency is asked, where a run or a command is under way; reading leaves no trace."""
        if trace.get_current_span().get_span_context().is_valid:
            span = self.below(name, SpanKind.CLIENT)
        elif upload_id and command_under_way():
            span = self.below_root(name, SpanKind.CLIENT, upload_id)
        else:
            yield
            return
        with span as made:
            made.set_attributes({f"darkroom.{fact}": value for fact, value in told.items()})
            yield


@contextmanager
def _ended_by(span: Span) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        span.set_status(StatusCode.ERROR)
        span.set_attribute("error.type", str(getattr(error, "code", type(error).__name__)))
        raise
