"""Traces requests that are commands. The request of a submission is the root of its upload's trace."""

import time
from contextlib import ExitStack
from contextvars import ContextVar
from typing import Final
from uuid import UUID

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import SpanKind, StatusCode, Tracer

from app.tracing.provider import making_root_of, root_of

SERVER_ERRORS: Final = 500


class Command:
    """A POST under way, and the upload that it appended to."""

    def __init__(self) -> None:
        self.began = time.time_ns()
        self.status = 0
        self.upload_id: UUID | None = None
        self.submitted = False

    def note_appended(self, upload_id: UUID, version: int) -> None:
        """Remember what came of it."""
        self.upload_id = upload_id
        self.submitted |= version == 1


_command: ContextVar[Command | None] = ContextVar("command", default=None)


def command_under_way() -> Command | None:
    """The POST in whose name we act, if there is one."""
    return _command.get()


def traced_commands(app: ASGIApp, tracer: Tracer) -> ASGIApp:
    """The API, each of whose commands on an upload becomes a span. Who only asks leaves no trace."""

    async def tracing(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or scope["method"] != "POST":
            await app(scope, receive, send)
            return
        command = Command()
        token = _command.set(command)

        async def note_and_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                command.status = message["status"]
            await send(message)

        try:
            await app(scope, receive, note_and_send)
        finally:
            _command.reset(token)
            _make_span(tracer, command, scope)

    return tracing


def _make_span(tracer: Tracer, command: Command, scope: Scope) -> None:
    """A retry's or a cancellation's is one more branch; a submission that found the first one has none."""
    if command.upload_id is None:
        return
    route = scope.get("path_template") or "unknown"
    facts: dict[str, str | int] = {
        "http.request.method": "POST",
        "http.route": route,
        "http.response.status_code": command.status,
        "darkroom.upload_id": str(command.upload_id),
        "darkroom.correlation_id": str(scope["state"].get("correlation_id", "")),
    }
    with ExitStack() as stack:
        parent = Context()
        if command.submitted:
            stack.enter_context(making_root_of(command.upload_id))
        else:
            parent = trace.set_span_in_context(trace.NonRecordingSpan(root_of(command.upload_id)), parent)
        span = tracer.start_span(
            f"POST {route}", parent, kind=SpanKind.SERVER, attributes=facts, start_time=command.began
        )
    if command.status >= SERVER_ERRORS or not command.status:
        span.set_status(StatusCode.ERROR)
    span.end()
