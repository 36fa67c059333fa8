"""No value holds up the log: whatever is logged becomes one bounded line without secrets."""

import io
import json
from typing import Any

import pytest
import structlog

from app.logs import LEFT_OUT, LONGEST_LINE, configure_logs
from app.signing.sessions import Sessions


class Unspeakable:
    """A value whose text cannot be made."""

    def __str__(self) -> str:
        raise RuntimeError("no text")


def nested(depth: int) -> object:
    value: object = "bottom"
    for _ in range(depth):
        value = [value]
    return value


def logged(**facts: object) -> dict[str, Any]:
    stream = io.StringIO()
    configure_logs("json", "info", stream)
    structlog.get_logger().info("asked", **facts)
    (line,) = stream.getvalue().splitlines()
    return dict(json.loads(line))


def test_values_nested_thousands_deep_are_cut_and_said() -> None:
    assert "nested too deep" in json.dumps(logged(value=nested(5000))["value"])


def test_a_secret_in_a_key_is_masked() -> None:
    token = Sessions(["a key of the tests, long enough"]).new().token
    assert token not in json.dumps(logged(seen={token: 1, "inner": {token: 2}}))


@pytest.mark.parametrize(
    "value",
    [["x" * 5000] * 10_000, {f"{n} " * 1000: n for n in range(1000)}, [0] * 10**6],
    ids=["texts", "keys", "numbers"],
)
def test_a_line_has_a_bound_however_many_values_it_has(value: object) -> None:
    line = json.dumps(logged(value=value))
    assert len(line) < 8 * LONGEST_LINE


def test_what_no_longer_fits_into_the_line_is_said() -> None:
    assert logged(value=["x" * 5000] * 100)["value"][-1] == LEFT_OUT


@pytest.mark.parametrize("value", [Unspeakable(), 10**5000, [Unspeakable()]], ids=["object", "integer", "list"])
def test_a_value_without_a_text_costs_no_line(value: object) -> None:
    assert "without a text" in json.dumps(logged(value=value)["value"])
