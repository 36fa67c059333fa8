"""Retry-After and RetryInfo are read in every form that servers send."""

from datetime import UTC, datetime

import pytest

from workers.vision.retry_after import asked_wait

NOW = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("30", 30),
        (" 2 ", 2),
        ("1.5", 1.5),
        ("0", 0),
        ("Thu, 01 Jan 2026 12:01:00 GMT", 60),
        ("Thu, 01 Jan 2026 11:00:00 GMT", 0),
        ("Thu, 01 Jan 2026 12:00:10 -0000", 10),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 3600),
        ("86400", 3600),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("nan", None),
        ("1e9", None),
        ("9" * 40, None),
        ("1 Jan 99999999999999999999 00:00:00 GMT", None),
        ("()", None),
    ],
)
def test_a_header_is_read_as_seconds_or_as_a_date(header: str, wait: float | None) -> None:
    assert asked_wait({"retry-after": header}, None, NOW) == wait


def test_a_date_is_measured_by_the_clock_of_the_one_who_wrote_it() -> None:
    headers = {"retry-after": "Thu, 01 Jan 2026 14:00:30 GMT", "date": "Thu, 01 Jan 2026 14:00:00 GMT"}
    assert asked_wait(headers, None, NOW) == 30
    assert asked_wait(headers | {"date": "1 Jan 99999999999999999999 00:00:00 GMT"}, None, NOW) == 3600


def retry_info(delay: object) -> object:
    detail = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}
    return {"error": {"details": [{"@type": "type.googleapis.com/google.rpc.Help"}, detail]}}


@pytest.mark.parametrize(("delay", "wait"), [("34s", 34), ("0.847655010s", 0.84765501), ("s", None), (7, None)])
def test_the_body_of_a_google_error_is_read_where_there_is_no_header(delay: object, wait: float | None) -> None:
    assert asked_wait({}, retry_info(delay), NOW) == wait


def test_the_header_goes_before_the_body() -> None:
    assert asked_wait({"retry-after": "1"}, retry_info("34s"), NOW) == 1


@pytest.mark.parametrize("body", [None, "no", [], {"error": "no"}, {"error": {"details": [None, "x", {}]}}])
def test_nothing_readable_means_no_wish(body: object) -> None:
    assert asked_wait({}, body, NOW) is None
