"""Sets up logging, for our own lines and those of libraries: readable on a terminal, JSON elsewhere, without secrets.

It reads no settings and knows no job: who works on one binds its ids as structlog's context variables.
"""

import logging
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, TextIO

import structlog
from structlog.stdlib import ProcessorFormatter
from structlog.typing import EventDict, Processor, WrappedLogger

MASK: Final = "***"
ACKNOWLEDGEMENT_LOST: Final = (
    "A run's message could not be acknowledged, since Redis cannot be written to. The log has the run;"
    " the queue may deliver the message again, and it is skipped."
)
_SECRET_NAME: Final = re.compile(r"token|secret|passw|authorization|cookie|apikey|(^|[_-])keys?($|[_-])", re.IGNORECASE)
_SECRET_PARAMETER: Final = re.compile(r"token|secret|password|signature|credential", re.IGNORECASE)
# Each pattern may begin only where a word does, so that it looks at a word once: linear, whatever the text.
_SECRET_TEXTS: Final = (
    # What itsdangerous signs: a payload, perhaps a time, and a signature of 20 bytes or more.
    (re.compile(r"(?<![\w-])[\w-]{8,}(?:\.[\w-]{5,8})?\.[\w-]{27,}"), MASK),
    (re.compile(r"\b(bearer|basic)\s+[\w.~+/=-]+", re.IGNORECASE), rf"\1 {MASK}"),
    # Tokens of staff, and API keys of Google, which bring no name of their own.
    (re.compile(r"(?<![\w-])(?:dks_|AIza)[\w-]{30,}"), MASK),
    # The password of a URL.
    (re.compile(r"(://[^\s:/@]*):[^\s/@]+@"), rf"\1:{MASK}@"),
)
_PARAMETER: Final = re.compile(r"(?<![\w-])([\w-]+)=[^&\s\"']+")
LONGEST_TEXT: Final = 8 * 1024
"""In characters; of a longer text the rest is left out, since it holds up the thread that logs it."""
LONGEST_LINE: Final = 64 * 1024
"""In characters, of all texts of a line together."""
DEEPEST: Final = 8
LEFT_OUT: Final = "... (left out: the line is full)"
_LONGEST_SECRET: Final = 512
"""So much is left out before a cut, which may go through a secret and hide it from its pattern."""
_LINE_BREAKS: Final = {ord("\r"): "\\r", ord("\n"): "\\n", ord("\x1b"): "\\e"}
_MANY_LINES: Final = {"exception", "stack"}
_TALKATIVE: Final = ("botocore", "boto3", "urllib3", "s3transfer", "httpx", "httpcore", "dramatiq", "google_genai")
"""Libraries that tell of every step; their warnings are enough."""


def configure_logs(log_format: str, level: str, stream: TextIO | None = None) -> None:
    """Send every line of this process to the stream (stderr), as `auto`, `console` or `json`, from that level on."""
    stream = stream or sys.stderr
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *_facts(), *_texts(), ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *_facts(), *_texts()],
            processors=[ProcessorFormatter.remove_processors_meta, _renderer(log_format, stream)],
        )
    )
    handler.addFilter(_in_our_words)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    logging.captureWarnings(capture=True)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))


def _in_our_words(record: logging.LogRecord) -> bool:
    """Replace a sentence of Dramatiq's that sends an operator to its authors while Redis cannot be written to.

    Its warning about two workers on one broker is dropped: the two lanes have different queues.
    """
    if "found a bug in Dramatiq" in str(record.msg):
        record.msg, record.args = ACKNOWLEDGEMENT_LOST, ()
    return not (record.name.startswith("dramatiq.") and "_WorkerMiddleware" in record.getMessage())


def _facts() -> tuple[Processor, ...]:
    return (
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    )


def _texts() -> tuple[Processor, ...]:
    # Tracebacks become text before the masking. They show no variables, which may be anything.
    return (
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        mask_secrets,
    )


def _renderer(log_format: str, stream: TextIO) -> Processor:
    if log_format == "console" or (log_format == "auto" and stream.isatty()):
        return structlog.dev.ConsoleRenderer(
            colors=stream.isatty(),
            exception_formatter=structlog.dev.plain_traceback,
            pad_event_to=20,
            sort_keys=False,
        )
    return structlog.processors.JSONRenderer()


def mask_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Mask the values of secret names, signed tokens and passwords in any text, and keep each line one line.

    What is nested deeper than DEEPEST, or no longer fits into LONGEST_LINE, is left out and said.
    """
    line = _Line()
    return {line.text(name): line.value(name, value) for name, value in event.items()}


class _Line:
    """The values of one line, until it is full."""

    def __init__(self) -> None:
        self._left = LONGEST_LINE

    def value(self, name: str, value: object, depth: int = 0) -> object:
        if name.startswith("_") or _is_short(value):  # structlog's own begin so
            return value
        if _SECRET_NAME.search(name[:LONGEST_TEXT]):
            return MASK
        match value:
            case Mapping() | list() | tuple() | set() | frozenset() if depth == DEEPEST:
                return f"(a {type(value).__name__} nested too deep)"
            case Mapping():
                return dict(self._items(value, depth + 1))
            case list() | tuple() | set() | frozenset():
                return list(self._parts(value, depth + 1))
        text = self.text(_text(value))
        return text if name in _MANY_LINES else text.translate(_LINE_BREAKS)

    def text(self, text: str) -> str:
        masked = mask_text(text)
        self._left -= len(masked)
        return masked if self._left > 0 else LEFT_OUT

    def _items(self, mapping: Mapping[object, object], depth: int) -> Iterator[tuple[str, object]]:
        for name, value in mapping.items():
            if self._left <= 0:
                return
            shown = _text(name)
            yield self.text(shown), self.value(shown, value, depth)

    def _parts(self, values: Iterable[object], depth: int) -> Iterator[object]:
        for value in values:
            if self._left <= 0:
                yield LEFT_OUT
                return
            self._left -= 1
            yield self.value("", value, depth)


def _is_short(value: object) -> bool:
    return value is None or isinstance(value, float) or (isinstance(value, int) and abs(value) < 2**63)


def _text(value: object) -> str:
    try:
        return str(value)
    except Exception as error:  # noqa: BLE001 - a value that has no text must not cost the line
        return f"(a {type(value).__name__} without a text: {type(error).__name__})"


def mask_text(text: str) -> str:
    """The text without tokens, credentials and passwords."""
    shown = text[:LONGEST_TEXT]
    for pattern, replacement in _SECRET_TEXTS:
        shown = pattern.sub(replacement, shown)
    shown = _PARAMETER.sub(_masked_parameter, shown)
    return shown if len(text) <= LONGEST_TEXT else f"{shown[:-_LONGEST_SECRET]}... (cut; {len(text)} characters)"


def _masked_parameter(found: re.Match[str]) -> str:
    return f"{found[1]}={MASK}" if _SECRET_PARAMETER.search(found[1]) else found[0]
