"""Finds uploads for support, newest first, in pages that continue after the last row of the page before.

Every filter is a condition on a column that has an index, or on the few rows that such a condition leaves: schema.sql
tells which indexes there are, and why none uses a column that every write changes. The conditions are planned for
their values each time: which index is best depends on them.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import psycopg
from msgspec import Struct
from psycopg.rows import class_row

from domain.failures import FailureCode
from domain.stages import Stage, Status, status_of
from projections.log.pools import Pool, connected
from projections.queries.figures import STANDSTILL_SECONDS

EXACT: Final = 10_000
"""A search with more uploads than this is not counted to its end."""
SHORT_HASH: Final = 16
"""The characters of a session's hash that an actor shows, and that the index holds."""

STANDS_STILL: Final = f"""
EXISTS (SELECT FROM due_uploads d WHERE d.upload_id = u.upload_id
        AND (d.due_since < clock_timestamp() - interval '{STANDSTILL_SECONDS} seconds'
             -- The clock has stepped back, so nothing tells for how long it has been due.
             OR d.due_since > clock_timestamp() + interval '10 seconds'))
"""
PUT_OFF: Final = "coalesce(u.waiting_for IN ('GENERATION_PAUSED', 'GENERATION_BUDGET_SPENT'), false)"
# The few uploads that the person acted on are found first, whatever the planner takes the cost for.
ACTED_ON: Final = """
u.upload_id = ANY(ARRAY(
    SELECT e.upload_id FROM event_log e
    WHERE e.actor LIKE 'staff:%%' AND e.actor = %(last_actor)s
      AND NOT EXISTS (SELECT FROM event_log l WHERE l.upload_id = e.upload_id AND l.version > e.version
                      AND l.actor LIKE 'staff:%%')
    ORDER BY e.recorded_at DESC LIMIT %(most)s))
"""
IN_GROUP: Final = "g.group_id = %(failure_group)s"
FAILED_LIKE_IT: Final = "u.error_code = (SELECT code FROM failure_groups f WHERE f.group_id = %(failure_group)s)"
"""An upload that failed otherwise since is no failure of the group any more."""
OPEN: Final = "u.status IN ('pending', 'processing')"
SELECT_PAGE: Final = """
WITH u AS MATERIALIZED (SELECT u.* FROM {found} ORDER BY {newest_first} LIMIT %(limit)s)
SELECT u.upload_id, u.status, u.stage, u.progress, u.error_code, u.failed_stage, u.attempt, u.running, u.retry_at,
       u.waiting_for, u.created_at, u.updated_at, u.version, left(u.session_hash, 16) AS session_hash,
       l.worker, {stands_still} AS stands_still
FROM u LEFT JOIN live_leases l USING (upload_id) ORDER BY u.created_at DESC, u.upload_id DESC
"""
SELECT_COUNT: Final = "SELECT count(*) FROM (SELECT FROM {found} LIMIT %(most)s) AS found"
AFTER: Final = "({table}.created_at, {table}.upload_id) < (%(after_time)s, %(after_id)s)"
GROUPED: Final = "failure_group_uploads g JOIN uploads u ON u.upload_id = g.upload_id"
"""A group has an index of its own from the newest upload on: its uploads may be few and old among many."""


class Search(Struct, frozen=True, kw_only=True):
    """What is searched for. A filter that is None allows everything."""

    job_ids: tuple[UUID, UUID] | None = None
    """The lowest and the highest id."""
    status: Status | None = None
    stage: Stage | None = None
    error_code: FailureCode | None = None
    session: str | None = None
    """The hash of a session, or its first SHORT_HASH characters."""
    min_attempt: int | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    stands_still: bool | None = None
    put_off: bool | None = None
    waits_over: int | None = None
    """In seconds: waits for its first attempt for longer."""
    last_actor: str | None = None
    """Who of the staff acted on it last, as an actor."""
    failure_group: str | None = None


class PageEnd(Struct, frozen=True, array_like=True):
    """Where a page ended."""

    created_at: datetime
    upload_id: UUID


class FoundUpload(Struct, frozen=True, kw_only=True):
    """A row of the answer: the columns of SELECT_PAGE."""

    upload_id: UUID
    status: Status
    stage: Stage | None
    progress: int
    error_code: FailureCode | None
    failed_stage: Stage | None
    attempt: int
    running: bool
    retry_at: datetime | None
    waiting_for: FailureCode | None
    created_at: datetime
    updated_at: datetime
    version: int
    session_hash: str
    worker: str | None
    stands_still: bool


class Page(Struct, frozen=True):
    """A page of a search, how many uploads all pages have, EXACT at most, and where the next one begins."""

    uploads: Sequence[FoundUpload]
    count: int
    count_is_exact: bool
    end: PageEnd | None


def find(pool: Pool, search: Search, after: PageEnd | None, limit: int) -> Page:
    """A page of the search. Raises LogUnavailableError."""
    with connected(pool) as connection:
        rows = _select(connection, search, after, limit + 1)
        count = _count(connection, search)
    uploads = rows[:limit]
    end = PageEnd(uploads[-1].created_at, uploads[-1].upload_id) if len(rows) > limit else None
    return Page(uploads, min(count, EXACT), count <= EXACT, end)


def found(search: Search, *more: str) -> dict[str, str]:
    """Parts of a statement: the tables and the conditions that find the uploads, as `u`, and their order."""
    table, source = ("g", GROUPED) if search.failure_group else ("u", "uploads u")
    conditions = [*_conditions(search, table), *(condition.format(table=table) for condition in more)]
    return {
        "found": f"{source} WHERE {' AND '.join(conditions) or 'true'}",
        "newest_first": f"{table}.created_at DESC, {table}.upload_id DESC",
    }


def page_query(search: Search, after: PageEnd | None, limit: int) -> tuple[str, dict[str, Any]]:
    """The statement of a page, and its parameters."""
    bounds: dict[str, Any] = {"after_time": after.created_at, "after_id": after.upload_id} if after else {}
    query = SELECT_PAGE.format(**found(search, *([AFTER] if after else [])), stands_still=STANDS_STILL)
    return query, {**parameters(search), **bounds, "limit": limit}


def count_query(search: Search) -> tuple[str, dict[str, Any]]:
    """The statement that counts, and its parameters."""
    return SELECT_COUNT.format(**found(search)), {**parameters(search), "most": EXACT + 1}


def _select(
    connection: psycopg.Connection[Any], search: Search, after: PageEnd | None, limit: int
) -> Sequence[FoundUpload]:
    query, parameters = page_query(search, after, limit)
    cursor = connection.cursor(row_factory=class_row(FoundUpload))
    return cursor.execute(query.encode(), parameters, prepare=False).fetchall()


def _count(connection: psycopg.Connection[Any], search: Search) -> int:
    query, parameters = count_query(search)
    (row,) = connection.execute(query.encode(), parameters, prepare=False).fetchall()
    return int(row[0])


def _conditions(search: Search, table: str) -> Iterator[str]:  # noqa: C901 - one condition a filter
    """The conditions. Names of enums are written out, so that the planner sees which partial index fits."""
    if not _statuses(search):
        # The planner takes the filters for independent of each other, and would look for a match among all failures.
        yield "false"
        return
    if search.job_ids:
        yield "u.upload_id BETWEEN %(lowest)s AND %(highest)s"
    if search.status or search.stage:
        yield from _of_status(search)
    if search.error_code:
        yield f"u.error_code IS NOT NULL AND u.error_code = '{search.error_code}'"
    if search.session:
        yield "left(u.session_hash, 16) = %(short_hash)s"
        if len(search.session) > SHORT_HASH:
            yield "u.session_hash = %(session)s"
    if search.min_attempt and search.min_attempt > 1:
        yield "u.repeated IS NOT NULL AND u.repeated >= %(min_attempt)s"
    elif search.min_attempt:
        yield "u.attempt >= %(min_attempt)s"
    if search.created_after:
        yield f"{table}.created_at >= %(created_after)s"
    if search.created_before:
        yield f"{table}.created_at < %(created_before)s"
    yield from _of_waits(search)
    yield from _of_tables_beside(search)


def _statuses(search: Search) -> set[Status]:
    """The statuses that all filters together allow."""
    allowed = {search.status} if search.status else set(Status)
    if search.stage:
        allowed &= {status_of(search.stage)}
    if search.error_code:
        allowed &= {Status.FAILED}
    if search.stands_still or search.put_off or search.waits_over is not None:
        allowed &= {Status.PENDING, Status.PROCESSING}
    return allowed


def _of_tables_beside(search: Search) -> Iterator[str]:
    if search.last_actor:
        yield ACTED_ON
    if search.failure_group:
        yield f"{IN_GROUP} AND {FAILED_LIKE_IT}" if search.status is Status.FAILED else IN_GROUP


def _of_waits(search: Search) -> Iterator[str]:
    if _statuses(search).isdisjoint({Status.PENDING, Status.PROCESSING}):
        return  # what has ended neither stands still nor is put off
    if search.stands_still is not None:
        yield f"{OPEN} AND {STANDS_STILL}" if search.stands_still else f"NOT ({OPEN} AND {STANDS_STILL})"
    if search.put_off is not None:
        yield f"{OPEN} AND {PUT_OFF}" if search.put_off else f"NOT ({OPEN} AND {PUT_OFF})"
    if search.waits_over is not None:
        yield "u.status = 'pending' AND u.created_at < clock_timestamp() - make_interval(secs => %(waits_over)s)"


def _of_status(search: Search) -> Iterator[str]:
    (status,) = _statuses(search)
    if status in {Status.PENDING, Status.PROCESSING}:
        yield OPEN
    # A row has a code if and only if it has failed. The indexes of failures hold no status, that of attempts no code.
    by_attempts = search.min_attempt and not (search.error_code or search.failure_group)
    yield f"u.status = '{status}'" if by_attempts or status is not Status.FAILED else "u.error_code IS NOT NULL"
    if search.stage and search.stage not in {Stage.COMPLETE, Stage.FAILED}:  # those say no more than the status
        yield f"u.stage = '{search.stage}'"


def parameters(search: Search) -> dict[str, Any]:
    """Of the conditions."""
    lowest, highest = search.job_ids or (None, None)
    return {
        "lowest": lowest,
        "highest": highest,
        "session": search.session,
        "short_hash": (search.session or "")[:SHORT_HASH],
        "min_attempt": search.min_attempt,
        "waits_over": search.waits_over,
        "last_actor": search.last_actor,
        "most": EXACT + 1,
        "failure_group": search.failure_group,
        "created_after": search.created_after,
        "created_before": search.created_before,
    }
