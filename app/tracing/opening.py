"""Decides whether a process is traced. OpenTelemetry is imported only if a collector is configured."""

from contextlib import ExitStack

from app.settings.environment import Settings
from app.tracing.untraced import NoTraces, Traces
from domain.errors import DarkroomError


class NotInstalledError(DarkroomError):
    """OTEL_EXPORTER_OTLP_ENDPOINT is set, but OpenTelemetry is not installed: pip install 'darkroom[otel]'."""


def open_traces(settings: Settings, process: str, stack: ExitStack) -> Traces:
    """Spans around the parts of a process. Raises NotInstalledError."""
    if not settings.traced:
        return NoTraces()
    try:
        from app.tracing.provider import open_provider  # noqa: PLC0415 - a quarter of a second, and an extra
        from app.tracing.traced import Traced  # noqa: PLC0415 - likewise
    except ImportError as error:
        raise NotInstalledError from error
    return Traced(open_provider(process, settings.otel_service_name, stack).get_tracer("darkroom"))
