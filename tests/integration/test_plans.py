"""The plans of all frequent queries: none reads the whole of a table that grows.

Judged are the statements as the driver prepares them, once planned for their values and once for any. The database is
as in real life: most uploads have ended, some are under way. `leases` and `positions` hold what lives at this moment,
and may be read as a whole.
"""

import asyncio
import re
from typing import Any, Final
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from domain.stages import Stage
from domain.uploads import Uploads
from projections.log import event_log as log
from projections.log.event_log import EventLog
from projections.log.pools import async_pool, open_pool
from projections.queries import figures as metrics
from projections.queries import status as reader
from projections.rows import uploads
from projections.rows.projector import PAGE, projector
from tests.benchmarks.bulk import fill
from tests.fakes.silent_notifier import SilentNotifier
from tests.submissions import run_to, submit
from workers.queue.reconciler import SELECT_DUE
from workers.upkeep import retention

ENDED: Final = 4000
UNDER_WAY: Final = 20
GROWING: Final = {"event_log", "uploads", "results"}
IDS: Final = [uuid4() for _ in range(20)]
STREAM: Final = {"upload_id": IDS[0], "gt": 0, "lte": log.MAX_VERSION, "limit": None}
SELECT_PLANS: Final = "SELECT generic_plans, custom_plans FROM pg_prepared_statements"
SELECT_PREPARED: Final = "SELECT name, cardinality(parameter_types) FROM pg_prepared_statements"
QUESTIONS: Final[dict[str, tuple[str, dict[str, Any] | tuple[Any, ...]]]] = {
    "a poll": (reader.SELECT_STATUSES, (IDS,)),
    "a result": (reader.SELECT_RESULT, (IDS[0], "session")),
    "an upload's events": (log.SELECT_STREAM.format(direction="ASC"), STREAM),
    "a page of the dispatcher": (log.SELECT_PAGE, (100, 100)),
    "a page of the projector": (log.SELECT_PAGE, (ENDED * 12 - 100, PAGE)),
    "the end of the log": (log.SELECT_LAST_POSITION, ()),
    "the projector's rows": (uploads.LOAD, (IDS,)),
    "the reconciler's scan": (SELECT_DUE, (10, 1000)),
    "what is kept for its time": (retention.ALL, {"status": "completed", "days": 30, "batch": 500}),
    "what is kept of it": (retention.PICTURES, {"status": "completed", "days": 30, "batch": 500}),
    "the support's timeline": ("SELECT * FROM timeline WHERE upload_id = %s ORDER BY version", (IDS[0],)),
    "how many are open": (metrics.SELECT_OPEN, ()),
    "how many stand still": (metrics.SELECT_STANDSTILL, {"standstill": 60}),
    "the oldest that waits": (metrics.SELECT_PENDING, ()),
}


@pytest.fixture(scope="module")
def grown(module_database_url: str) -> str:
    """A database that has seen some thousand uploads."""
    url = module_database_url
    fill(url, ENDED)
    with open_pool(url, 2, "test") as pool:
        application = Uploads(EventLog(pool), SilentNotifier())
        for _ in range(UNDER_WAY):
            run_to(application, submit(application).id, Stage.GENERATING)
        projector(EventLog(pool), pool).catch_up()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ANALYZE")
    return url


@pytest.mark.parametrize("planned", ["force_custom_plan", "force_generic_plan"])
@pytest.mark.parametrize("question", QUESTIONS)
def test_no_frequent_query_reads_a_whole_table(grown: str, question: str, planned: str) -> None:
    query, parameters = QUESTIONS[question]

    assert whole_tables(plan(grown, planned, query, parameters)) & GROWING == set()


def test_the_projectors_rows_are_not_planned_for_each_page(grown: str) -> None:
    with psycopg.connect(grown, autocommit=True) as connection:
        for upload_id in IDS:
            uploads.load(connection, [upload_id])
        ((generic, custom),) = connection.execute("SELECT generic_plans, custom_plans FROM pg_prepared_statements")

    assert custom == 5, "five times it tries whether values help"
    assert generic > 5


def test_a_query_without_an_index_would_be_found(grown: str) -> None:
    found = plan(grown, "auto", "SELECT FROM uploads WHERE original_size = %s", (1,))

    assert whole_tables(found) == {"uploads"}


def plan(url: str, planned: str, query: str, parameters: dict[str, Any] | tuple[Any, ...]) -> dict[str, Any]:
    """The plan of the statement that the driver prepares."""
    names = dict.fromkeys(re.findall(r"%\((\w+)\)s", query))
    values = [parameters[name] for name in names] if isinstance(parameters, dict) else parameters
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"SET plan_cache_mode = {planned}".encode())
        connection.execute(query.encode(), parameters, prepare=True)
        ((name, count),) = connection.execute(SELECT_PREPARED).fetchall()
        assert count == len(values)
        execute = sql.SQL("EXPLAIN (FORMAT JSON) EXECUTE {}").format(sql.Identifier(name))
        if values:
            execute += sql.SQL(" ({})").format(sql.SQL(", ").join(map(sql.Literal, values)))
        ((found,),) = connection.execute(execute).fetchall()
    return dict(found[0]["Plan"])


def whole_tables(node: dict[str, Any]) -> set[str]:
    """The tables of which a plan looks at every row."""
    here = {node["Relation Name"]} if node["Node Type"] == "Seq Scan" else set()
    return here.union(*(whole_tables(below) for below in node.get("Plans", [])))


def test_polls_are_planned_once_for_any_uploads(grown: str) -> None:
    async def planned() -> list[tuple[int, int]]:
        async with async_pool(grown, 1, "test") as pool, pool.connection() as connection:
            for _ in range(20):
                await connection.execute(reader.SELECT_STATUSES, (IDS,), prepare=True)
            return await (await connection.execute(SELECT_PLANS)).fetchall()

    assert asyncio.run(planned()) == [(20, 0)]
