"""The logs: one pipe for our own lines and the libraries', readable on a terminal, JSON elsewhere, without secrets.

It reads no settings and knows no job: who works on one binds its ids as structlog's context variables.
"""

import logging
import re
import sys
from collections.abc import Mapping
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
    # The password of a URL.
    (re.compile(r"(://[^\s:/@]*):[^\s/@]+@"), rf"\1:{MASK}@"),
)
_PARAMETER: Final = re.compile(r"(?<![\w-])([\w-]+)=[^&\s\"']+")
LONGEST_TEXT: Final = 8 * 1024
"""In characters; of a longer text the rest is left out, since it holds up the thread that logs it."""
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
    """Replace a sentence of Dramatiq's that sends an operator to its authors while Redis cannot be written to."""
    if "found a bug in Dramatiq" in str(record.msg):
        record.msg, record.args = ACKNOWLEDGEMENT_LOST, ()
    return True


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
    """Mask the values of secret names, signed tokens and passwords in any text, and keep each line one line."""
    return {name: _masked(name, value) for name, value in event.items()}


def _masked(name: str, value: object) -> object:
    if name.startswith("_") or value is None:  # structlog's own begin so
        return value
    if _SECRET_NAME.search(name):
        return MASK
    match value:
        case bool() | int() | float():
            return value
        case Mapping():
            return {key: _masked(str(key), item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_masked("", item) for item in value]
    text = mask_text(str(value))
    return text if name in _MANY_LINES else text.translate(_LINE_BREAKS)


def mask_text(text: str) -> str:
    """The text without tokens, credentials and passwords."""
    shown = text[:LONGEST_TEXT]
    for pattern, replacement in _SECRET_TEXTS:
        shown = pattern.sub(replacement, shown)
    shown = _PARAMETER.sub(_masked_parameter, shown)
    return shown if len(text) <= LONGEST_TEXT else f"{shown[:-_LONGEST_SECRET]}... (cut; {len(text)} characters)"


def _masked_parameter(found: re.Match[str]) -> str:
    return f"{found[1]}={MASK}" if _SECRET_PARAMETER.search(found[1]) else found[0]
