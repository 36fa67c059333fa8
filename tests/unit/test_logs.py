"""The logs: one shape for all, and never a secret."""

import io
import json
import logging
import re
import warnings
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import dramatiq.worker
import pytest
import structlog
from dramatiq.brokers.stub import StubBroker
from itsdangerous import TimestampSigner, URLSafeTimedSerializer

from app.logs import ACKNOWLEDGEMENT_LOST, LONGEST_TEXT, configure_logs, mask_text
from app.signing.sessions import Sessions

SESSION = "0123456789abcdef0123456789abcdef"


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Pretend."""
        return True


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, shown = root.handlers[:], root.level, warnings.showwarning
    yield
    root.handlers = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    warnings.showwarning = shown
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


@pytest.fixture
def stream() -> io.StringIO:
    out = io.StringIO()
    configure_logs("auto", "info", out)
    return out


def line(stream: io.StringIO) -> dict[str, Any]:
    (only,) = stream.getvalue().splitlines()
    found: dict[str, Any] = json.loads(only)
    return found


def test_a_line_is_json_where_there_is_no_terminal(stream: io.StringIO) -> None:
    structlog.get_logger("workers").info("run began", attempt=2)
    found = line(stream)
    assert found.pop("timestamp").endswith("Z")
    assert found == {"event": "run began", "attempt": 2, "level": "info", "logger": "workers"}


def test_times_are_in_utc(stream: io.StringIO) -> None:
    structlog.get_logger().info("now")
    assert datetime.fromisoformat(line(stream)["timestamp"]).utcoffset() == timedelta(0)


def test_a_line_of_a_library_has_the_same_shape(stream: io.StringIO) -> None:
    logging.getLogger("dramatiq").warning("lost %s", "Redis", extra={"queue": "runs"})
    found = line(stream)
    assert (found["event"], found["level"], found["logger"], found["queue"]) == (
        "lost Redis", "warning", "dramatiq", "runs"
    )  # fmt: skip


def test_every_line_of_a_job_carries_its_ids(stream: io.StringIO) -> None:
    with structlog.contextvars.bound_contextvars(upload_id="u1", correlation_id="c1"):
        logging.getLogger("PIL").warning("odd")
    found = line(stream)
    assert (found["upload_id"], found["correlation_id"]) == ("u1", "c1")


def test_a_terminal_is_shown_colours_and_no_json() -> None:
    stream = Terminal()
    configure_logs("auto", "info", stream)
    structlog.get_logger().info("ready", port=8000)
    assert "\x1b[" in stream.getvalue()
    assert "{" not in stream.getvalue()


def test_console_can_be_asked_for_without_a_terminal() -> None:
    stream = io.StringIO()
    configure_logs("console", "info", stream)
    structlog.get_logger().info("ready", port=8000)
    assert "port=8000" in stream.getvalue()
    assert "\x1b[" not in stream.getvalue()


def test_json_can_be_asked_for_on_a_terminal() -> None:
    stream = Terminal()
    configure_logs("json", "info", stream)
    structlog.get_logger().info("ready")
    assert json.loads(stream.getvalue())["event"] == "ready"


def test_less_than_the_level_is_left_out(stream: io.StringIO) -> None:
    structlog.get_logger().debug("detail")
    logging.getLogger("dramatiq").debug("detail")
    logging.getLogger("botocore").info("a request")
    assert stream.getvalue() == ""


def test_an_exception_is_shown_without_the_values_of_variables(stream: io.StringIO) -> None:
    hidden = "a value of a variable"
    try:
        int(f"{len(hidden)} letters")
    except ValueError:
        structlog.get_logger().exception("it failed")
    assert "21 letters" in line(stream)["exception"]
    assert hidden not in stream.getvalue()


@pytest.mark.parametrize(
    "name",
    ["token", "session_token", "X-Session-Token", "sessionToken", "key", "secret_keys", "api_key", "password",
     "Authorization", "cookie", "aws_secret_access_key"],
)  # fmt: skip
def test_the_value_of_a_secret_name_is_masked_however_deep_it_lies(stream: io.StringIO, name: str) -> None:
    structlog.get_logger().info("asked", **{name: "hush"}, request={"headers": [{name: "hush"}]})
    assert line(stream)[name] == "***"
    assert "hush" not in stream.getvalue()


@pytest.mark.parametrize("name", ["stage", "keyboard", "monkey", "upload_id"])
def test_a_harmless_name_keeps_its_value(stream: io.StringIO, name: str) -> None:
    structlog.get_logger().info("asked", **{name: "shown"})
    assert line(stream)[name] == "shown"


@pytest.mark.parametrize(
    "secret",
    [
        TimestampSigner("k" * 32).sign(SESSION).decode(),
        URLSafeTimedSerializer("k" * 32).dumps(SESSION),
        URLSafeTimedSerializer("k" * 32).dumps({"session": SESSION}),
    ],
    ids=["signed", "text", "object"],
)
def test_a_signed_token_is_masked_in_any_text(stream: io.StringIO, secret: str) -> None:
    try:
        int(secret)
    except ValueError:
        logging.getLogger("granian").exception("GET /?t=%s from %r", secret, {"a": secret})
    assert secret not in stream.getvalue()
    assert secret.rpartition(".")[2] not in stream.getvalue()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
        ("postgresql://dk:pw@db/darkroom", "postgresql://dk:***@db/darkroom"),
        ("redis://:pw@cache:6379/0", "redis://:***@cache:6379/0"),
        (f"the access of {'dks_' + 'a-_4' * 10 + 'xyz'} is over", "the access of *** is over"),
        (f"https://models.example/v1?alt=json&key={'AIza' + 'b' * 35}", "https://models.example/v1?alt=json&key=***"),
        ("GET /o?X-Amz-Signature=0a1b&x=1", "GET /o?X-Amz-Signature=***&x=1"),
        ("upload 018c2b3e-7a52-7c3e-9b60-3f0a8d6f2a11 in generating", None),
        ("/keep/018c2b3e-7a52-7c3e-9b60-3f0a8d6f2a11/preview-0123456789abcdef.jpg", None),
    ],
)
def test_credentials_are_masked_in_a_text_and_ids_are_not(stream: io.StringIO, text: str, shown: str | None) -> None:
    structlog.get_logger().info(text)
    assert line(stream)["event"] == (shown or text)


def test_a_value_of_any_kind_is_shown_as_text_without_secrets(stream: io.StringIO) -> None:
    structlog.get_logger().info("failed", error=OSError("redis://:pw@cache"), none=None, ok=True)
    found = line(stream)
    assert (found["error"], found["none"], found["ok"]) == ("redis://:***@cache", None, True)


def test_no_text_can_forge_a_second_line() -> None:
    stream = io.StringIO()
    configure_logs("console", "info", stream)
    structlog.get_logger().info("name", filename="x\r\nforged \x1b[31m")
    assert len(stream.getvalue().splitlines()) == 1
    assert "\x1b" not in stream.getvalue()


def test_a_warning_of_python_goes_the_same_way(stream: io.StringIO) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=False)
        configure_logs("json", "info", stream)
        warnings.warn("old", stacklevel=1)
    assert line(stream)["logger"] == "py.warnings"


HOSTILE = ["a" * 65536, "a-" * 32768, "token" * 13000, ("a" * 8 + ".") * 7281, "://:" * 16384, "bearer" + " " * 65000]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_long_text_is_cut_and_what_was_cut_is_said(text: str) -> None:
    shown = mask_text(text)
    assert len(shown) <= LONGEST_TEXT
    assert shown.endswith(f"... (cut; {len(text)} characters)")


@pytest.mark.parametrize("start", [0, LONGEST_TEXT - 100, LONGEST_TEXT - 60, LONGEST_TEXT - 30, LONGEST_TEXT])
def test_a_secret_is_masked_also_where_the_text_is_cut(start: int) -> None:
    token = Sessions(["a key of the tests, long enough"]).new().token
    shown = mask_text("x " * (start // 2) + token + " y" * LONGEST_TEXT)
    assert not any(token[start : start + 12] in shown for start in range(len(token) - 12))


@pytest.mark.parametrize("name", ["X-Amz-Signature", "access_token", "my-secret-thing", "Credential"])
def test_a_secret_parameter_is_masked_and_its_neighbours_are_not(name: str) -> None:
    assert mask_text(f"GET /a?b=1&{name}=hidden&c=2") == f"GET /a?b=1&{name}=***&c=2"


def test_a_lost_acknowledgement_is_told_in_our_own_words(stream: io.StringIO) -> None:
    source = Path(dramatiq.worker.__file__).read_text()
    (sentence,) = re.findall(r'"(Unhandled error during post_process_message[^"]*)"', source)
    logging.getLogger("dramatiq.worker.ConsumerThread(runs)").error(sentence.replace("\\n", "\n"), "a message")

    assert line(stream)["event"] == ACKNOWLEDGEMENT_LOST


@pytest.mark.parametrize("text", ["Bearer" + " " * 500 + "hidden-thing", "x" * 500 + "-token=hidden-thing"])
def test_a_secret_is_masked_however_far_its_name_lies_or_reaches(text: str) -> None:
    assert "hidden-thing" not in mask_text(text)


def test_the_two_lanes_of_a_worker_share_a_broker_without_a_warning(stream: io.StringIO) -> None:
    broker = StubBroker(middleware=[])
    for lane in ("runs", "runs_behind"):
        worker = dramatiq.Worker(broker, queues={lane}, worker_threads=1)
        worker.start()
        worker.stop()
    assert stream.getvalue() == ""
