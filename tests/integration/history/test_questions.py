"""The SQL on the analysts' page: each question is asked of the known history, and its answer is checked."""

from datetime import date, datetime, timedelta
from typing import Any, Final

import psycopg
import pytest

from tests.house.the_house import ROOT, blocks
from tests.integration.history.known import LOST, MONDAY, TUESDAY

PAGE: Final = (ROOT / "projections/history/README.md").read_text()
LOGIN, *QUESTIONS = blocks(PAGE, "sql")
FIRST, SECOND = date(2026, 11, 2), date(2026, 11, 3)
RETRY_AT: Final = datetime.fromisoformat("2026-01-02T03:04:05Z")
ANSWERS: Final[list[list[tuple[Any, ...]]]] = [
    [
        (FIRST, 1, "validating", 2, 1, 1),
        (FIRST, 1, "generating", 2, 15, 20),
        (FIRST, 1, "storing", 2, 2, 2),
        (FIRST, 1, "watermarking", 2, 2.5, 3),
        (FIRST, 2, "validating", 2, 1, 1),
    ],
    [(1, pytest.approx(21.247, rel=1e-3))],
    [
        ("CANCELLED", None, 1, TUESDAY + timedelta(seconds=90)),
        ("CONTENT_BLOCKED", "generating", 1, TUESDAY + timedelta(seconds=8)),
        ("IMAGE_TRUNCATED", "validating", 1, TUESDAY + timedelta(seconds=183)),
    ],
    [(1, 1, RETRY_AT - MONDAY - timedelta(seconds=67))],
    [(FIRST, 1, 3, 1), (SECOND, 2, 2, 1)],
    [(1, 1.5), (2, None)],
    [(FIRST, 2, 2, 2, 2, 2, 2, 0, 0, 0), (SECOND, 4, 3, 2, 0, 0, 0, 2, 1, 1)],
    [(1, 2, 39.5, pytest.approx(59.75))],
    [(MONDAY, 2, pytest.approx((2 / 17 + 1 / 62) / 2)), (TUESDAY, 6, None)],
    [(LOST, "processing", "generating", TUESDAY + timedelta(seconds=120), 2)],
    [("worker:w", 7, 1)],
    [(1, 5, 1), (2, 1, 1)],
    [("staff:erika", "upload.erased", 1, TUESDAY + timedelta(hours=1))],
]


@pytest.mark.parametrize("number", range(len(ANSWERS)))
def test_a_question_gets_its_answer(analyst: psycopg.Connection[Any], number: int) -> None:
    assert analyst.execute(QUESTIONS[number].encode()).fetchall() == ANSWERS[number]


def test_every_question_of_the_page_is_asked() -> None:
    assert len(QUESTIONS) == len(ANSWERS)


def test_a_login_that_is_made_so_reads_the_views_within_its_time_limit(known_url: str) -> None:
    with psycopg.connect(known_url, autocommit=True) as connection:
        connection.execute(LOGIN.encode())
    try:
        with psycopg.connect(known_url, user="erika", password="change me") as erika:
            assert erika.execute("SHOW statement_timeout").fetchone() == ("5min",)
            assert erika.execute("SELECT count(*) FROM attempts").fetchone() == (7,)
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                erika.execute("SELECT FROM event_log")
    finally:
        with psycopg.connect(known_url, autocommit=True) as connection:
            connection.execute("DROP ROLE erika")
