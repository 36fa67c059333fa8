"""What a poll asks: how long it would wait, and what headers mean that are there more than once."""

from typing import Any, Final

import pytest

from app.api.http.errors import UnauthorizedError
from app.api.status.request import StatusRequest, poll_request
from app.signing.sessions import Sessions
from tests.status_rows import PENDING

SESSIONS: Final = Sessions(["a key of these tests that is long enough"])
TOKEN: Final = SESSIONS.new().token.encode()


def asked(*lines: tuple[str, str]) -> StatusRequest:
    """What a request with these headers asks."""
    headers = [(b"x-session-token", TOKEN), *((name.lower().encode(), value.encode()) for name, value in lines)]
    scope: Any = {"headers": headers, "path_params": {"jobId": str(PENDING.upload_id)}}
    return poll_request(scope, SESSIONS)


@pytest.mark.parametrize(
    ("preferred", "wait"),
    [
        ("wait=2", 2),
        ('wait="2"', 2),
        ("Wait = 2", 2),
        ("wait=2;x=y", 2),
        ("respond-async, wait=2", 2),
        ("wait=2, wait=5", 2),
        ('foo="a, \\"b", wait=2', 2),
        ("foo; bar=1,\twait=2 ; baz", 2),
        ("wait=00000002", 2),
        ("wait=30", 30),
        ("wait=31", 30),
        ("wait=9999999", 30),
        ("wait=" + "9" * 8000, 30),
        ("wait=" + "0" * 8000, 0),
        ("wait=" + "0" * 100_000 + "x", 0),
        ("wait=0", 0),
        ("wait=000", 0),
        ("wait", 0),
        ("wait=", 0),
        ("wait=-1", 0),
        ("wait=2.5", 0),
        ('wait="2', 0),
        ('wait=2"', 0),
        ("await=2", 0),
        ("handling=lenient; wait=2", 0),
        ('foo="x, wait=5"', 0),
        ('foo="x, wait=5', 0),
        ('foo="\\", wait=5"', 0),
        ("\\", 0),
        (",", 0),
        ("", 0),
    ],
)
def test_a_wait_is_a_preference_of_its_own_and_no_more_than_thirty_seconds(preferred: str, wait: int) -> None:
    assert asked(("If-None-Match", '"1"'), ("Prefer", preferred)).wait == wait


def test_lists_over_several_lines_are_one() -> None:
    asking = asked(
        ("If-None-Match", '"1"'), ("Prefer", "respond-async"), ("If-None-Match", '"3"'), ("Prefer", "wait=2")
    )

    assert asking.read.tags == {'"1"', '"3"'}
    assert asking.wait == 2


def test_another_header_that_is_there_twice_changes_nothing() -> None:
    assert asked(("X-Other", "1"), ("X-Other", "2"), ("If-None-Match", '"1"')).read.version == 1


def test_a_token_that_is_wrong_is_told_from_one_that_is_missing() -> None:
    said = []
    for headers in ([], [(b"x-session-token", b"forged")]):
        with pytest.raises(UnauthorizedError) as refused:
            poll_request({"headers": headers, "path_params": {"jobId": str(PENDING.upload_id)}}, SESSIONS)  # type: ignore[arg-type] # as little of a scope as it reads
        said.append(refused.value.message)

    assert said[0].startswith("Send the session token of this upload")
    assert said[1].startswith("This session token is not one of this server's")


@pytest.mark.parametrize("other", [TOKEN.decode(), "forged", ""], ids=["the same", "forged", "empty"])
def test_two_tokens_are_nobodys(other: str) -> None:
    with pytest.raises(UnauthorizedError):
        asked(("X-Session-Token", other))


@pytest.mark.parametrize(("tags", "wait"), [("*", 5), (" * ", 5), ('"1"', 5), ("nonsense", 0), ('"7-x"', 0)])
def test_who_has_read_whatever_there_is_may_wait(tags: str, wait: int) -> None:
    assert asked(("If-None-Match", tags), ("Prefer", "wait=5")).wait == wait
