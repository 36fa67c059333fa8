"""What a search costs: it never reads the whole table, and its indexes cost the pollers nothing."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import psycopg
import pytest

from domain.failures import FailureCode
from domain.stages import Stage, Status
from projections.queries.search import PageEnd, Search, count_query, page_query
from tests.benchmarks.bulk import fill_rows

ROWS: Final = 40_000
HASH: Final = "ab" * 32
NOW: Final = datetime.now(UTC)
SOME: Final = UUID("3f0c6f0e-8d0b-4f5e-9a53-0d6c3f1f4b7a")
SEARCHES: Final = {
    "everything": Search(),
    "pending": Search(status=Status.PENDING),
    "failed": Search(status=Status.FAILED),
    "completed": Search(status=Status.COMPLETED),
    "a stage": Search(stage=Stage.GENERATING),
    "a code": Search(error_code=FailureCode.WORKER_LOST),
    "a code that never was": Search(error_code=FailureCode.NOT_AN_IMAGE),
    "a session": Search(session=HASH),
    "a short hash": Search(session=HASH[:16]),
    "an id": Search(job_ids=(SOME, SOME)),
    "a beginning": Search(job_ids=(UUID(int=SOME.int >> 96 << 96), UUID(int=(SOME.int >> 96 << 96) + 2**96 - 1))),
    "repeated": Search(min_attempt=2),
    "often repeated": Search(min_attempt=6),
    "of an hour": Search(created_after=NOW - timedelta(hours=1)),
    "stands still": Search(stands_still=True),
    "put off": Search(put_off=True),
    "waits long": Search(waits_over=3600),
    "acted on by": Search(last_actor="staff:erika"),
    "a group of failures": Search(failure_group="0123456789abcdef"),
    "completed and often repeated, which none is": Search(status=Status.COMPLETED, min_attempt=2),
    "an old group of failures": Search(failure_group="00000000000000ff"),
    "completed with a code, which none is": Search(status=Status.COMPLETED, error_code=FailureCode.WORKER_LOST),
    "completed at the stage failed, which none is": Search(status=Status.COMPLETED, stage=Stage.FAILED),
    "failed and stands still, which none does": Search(status=Status.FAILED, stands_still=True),
    "failed and often repeated": Search(status=Status.FAILED, min_attempt=6),
    "failed, of a group where none has": Search(status=Status.FAILED, failure_group="00000000000000ff"),
}
MADE: Final = """
UPDATE uploads SET created_at = clock_timestamp() - random() * interval '30 days',
                   session_hash = md5(random()::text) || md5('x');
UPDATE uploads SET status = 'failed', stage = 'failed', progress = 30, result_id = NULL, error_message = 'x',
                   error_code = 'WORKER_LOST', attempt = 1 + floor(random() * 5) WHERE random() < 0.03;
UPDATE uploads SET status = 'pending', stage = NULL, progress = 0, result_id = NULL, reached = NULL
WHERE status = 'completed' AND random() < 0.002;
INSERT INTO failure_group_uploads SELECT '0123456789abcdef', upload_id, created_at FROM uploads
WHERE error_code IS NOT NULL AND random() < 0.1;
INSERT INTO failure_group_uploads SELECT '00000000000000ff', upload_id, created_at FROM uploads
WHERE status = 'completed' AND created_at < clock_timestamp() - interval '25 days' AND random() < 0.1;
"""
# The columns that each index uses, in its key, its expressions or its WHERE.
SELECT_COLUMNS: Final = """
SELECT DISTINCT c.relname, a.attname FROM pg_depend d
JOIN pg_class c ON c.oid = d.objid AND c.relkind = 'i'
JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
WHERE d.classid = 'pg_class'::regclass AND d.refobjid = 'uploads'::regclass AND d.refobjsubid > 0
"""
SELDOM: Final = {
    *("upload_id", "created_at", "session_hash", "completed_at", "status", "error_code", "repeated"),
    *("expired", "kept_since"),
}
"""Columns that keep their value through all or nearly all writes of a life."""


@pytest.fixture(scope="module")
def grown(module_database_url: str) -> str:
    """A database that has seen some ten thousand uploads."""
    fill_rows(module_database_url, ROWS)
    with psycopg.connect(module_database_url, autocommit=True) as connection:
        connection.execute(MADE)
        connection.execute("VACUUM ANALYZE uploads, failure_group_uploads")
    return module_database_url


def read_rows(url: str, query: str, parameters: dict[str, Any]) -> float:
    """How many rows of `uploads` a statement looks at, by its plan."""
    with psycopg.connect(url, autocommit=True) as connection:
        explain = f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {query}".encode()
        ((found,),) = connection.execute(explain, parameters).fetchall()
    return _looked_at(found[0]["Plan"])


def _looked_at(node: dict[str, Any]) -> float:
    own = 0.0
    if node.get("Relation Name") == "uploads":
        each = (
            node["Actual Rows"] + node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
        )
        own = each * node["Actual Loops"]
    return own + sum(map(_looked_at, node.get("Plans", [])))


@pytest.mark.parametrize("search", SEARCHES.values(), ids=SEARCHES)
def test_a_page_and_its_count_look_at_few_rows(grown: str, search: Search) -> None:
    page = read_rows(grown, *page_query(search, None, 51))
    count = read_rows(grown, *count_query(search))

    assert page < ROWS / 10
    # An exact count of up to 10,000 has to see as many.
    assert count <= 10_001 * 1.1


def test_of_what_has_ended_it_is_not_asked_whether_it_stands_still() -> None:
    asked, _ = count_query(Search(status=Status.FAILED, stands_still=False, put_off=False))
    assert asked == count_query(Search(status=Status.FAILED))[0]


def test_a_later_page_costs_no_more_than_the_first(grown: str) -> None:
    end = PageEnd(NOW - timedelta(days=20), SOME)
    assert read_rows(grown, *page_query(Search(), end, 51)) < ROWS / 100


def test_a_search_without_an_index_would_be_found(grown: str) -> None:
    assert read_rows(grown, "SELECT FROM uploads WHERE original_size = %(size)s", {"size": 1}) >= ROWS


def test_no_index_of_uploads_uses_a_column_that_every_write_changes(grown: str) -> None:
    with psycopg.connect(grown) as connection:
        used = connection.execute(SELECT_COLUMNS).fetchall()

    assert {index for index, _ in used} >= {"uploads_created_at_idx", "uploads_repeated_status_idx"}
    assert {column for _, column in used} <= SELDOM


def test_a_first_attempt_leaves_the_row_in_the_index_as_it_was(grown: str) -> None:
    with psycopg.connect(grown) as connection:
        attempts = connection.execute(
            "SELECT attempt, repeated FROM (SELECT DISTINCT attempt, repeated FROM uploads) AS all_of_them ORDER BY 1"
        ).fetchall()
    assert [repeated for attempt, repeated in attempts if attempt <= 1] == [None]
    assert all(repeated == attempt for attempt, repeated in attempts if attempt > 1)
