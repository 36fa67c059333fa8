"""Search: what a search of support takes among ten million uploads.

Each search is made as staff make it: a page of 50, and the count up to 10,000; some on pages far from the first. Its
bound is 200 ms. `--uploads` makes fewer rows, `--minutes` bounds the run.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from math import ceil
from typing import Final
from uuid import UUID

import psycopg

from domain.failures import FailureCode
from domain.stages import Stage, Status
from projections.log.pools import open_pool
from projections.log.schema import migrate
from projections.queries.search import PageEnd, Search, find
from tests.benchmarks.bench import Bench
from tests.benchmarks.contest import Case, Contender, Figures, Target
from tests.benchmarks.searched import ERIKA, MAX, OLD, RECENT, TORN, fill

UPLOADS: Final = 10_000_000
MINUTES: Final = 60.0
FILLING: Final = 0.6
"""The share of the time in which rows are made; what is left is for their indexes and for the searches."""
PAGE: Final = 50
TIMES: Final = 20
BOUND_MS: Final = 200
NIL: Final = UUID(int=0)


@contextmanager
def cases(bench: Bench) -> Iterator[Sequence[Case]]:
    """Every kind of search, on the same rows."""
    minutes = bench.minutes or MINUTES
    deadline = time.monotonic() + minutes * 60
    url = bench.database(ours=False)  # rows without events: there is nothing to verify
    migrate(url)
    uploads = bench.uploads or bench.sized(UPLOADS, 2_000)
    made = fill(url, uploads, deadline - minutes * 60 * (1 - FILLING), bench.note)
    with psycopg.connect(url, autocommit=True) as connection:
        query = "SELECT upload_id, session_hash FROM uploads LIMIT 1 OFFSET %s"
        ((some, session),) = connection.execute(query, (made // 2,)).fetchall()
    bench.rounds = 1
    bench.note(
        f"Each search was made {bench.sized(TIMES, 1)} times, with its count; a deep one on other pages each time."
    )
    measure = partial(_measure, url, times=bench.sized(TIMES, 1), deadline=deadline)
    yield [
        Case(
            name,
            (Contender("Darkroom", "ours", partial(measure, search, is_deep=is_deep)),),
            (Target(figure="ms p95", at_most=BOUND_MS),),
        )
        for name, search, is_deep in _named(searches(some, session))
    ]


def searches(some: UUID, session: str) -> dict[str, Search]:
    """One of each kind and what people combine, by its name."""
    now = datetime.now(UTC)
    day, half = now - timedelta(days=1), now - timedelta(days=182)
    return {
        "everything": Search(),
        "half an id": Search(job_ids=_beginning(some, 32)),
        "a digit of an id": Search(job_ids=_beginning(some, 4)),
        "three digits of an id": Search(job_ids=_beginning(some, 12)),
        "a session": Search(session=session),
        "failed": Search(status=Status.FAILED),
        "a seldom code": Search(error_code=FailureCode.CONTENT_BLOCKED),
        "a code that never was": Search(error_code=FailureCode.NOT_AN_IMAGE),
        "pending": Search(status=Status.PENDING),
        "processing": Search(status=Status.PROCESSING),
        "completed": Search(status=Status.COMPLETED),
        "a stage": Search(stage=Stage.GENERATING),
        "five attempts": Search(min_attempt=5),
        "six attempts, which none has": Search(min_attempt=6),
        "since yesterday": Search(created_after=day),
        "before half a year": Search(created_before=half),
        "before all": Search(created_before=now - timedelta(days=4000)),
        "stands still": Search(stands_still=True),
        "does not stand still": Search(stands_still=False),
        "waits long": Search(waits_over=60),
        "put off": Search(put_off=True),
        "a person's": Search(last_actor=ERIKA),
        "a stranger's": Search(last_actor="staff:unknown"),
        "a group": Search(failure_group=RECENT),
        "an old group": Search(failure_group=OLD),
        "an old group and one of today": Search(failure_group=TORN),
        "failed since yesterday": Search(status=Status.FAILED, created_after=day),
        "failed, of a session": Search(status=Status.FAILED, session=session),
        "failed, of a group": Search(failure_group=RECENT, status=Status.FAILED),
        "failed, of an old group": Search(failure_group=OLD, status=Status.FAILED),
        "failed, five attempts": Search(status=Status.FAILED, min_attempt=5),
        "completed, two attempts": Search(status=Status.COMPLETED, min_attempt=2),
        "completed, five attempts": Search(status=Status.COMPLETED, min_attempt=5),
        "completed, with a code": Search(status=Status.COMPLETED, error_code=FailureCode.WORKER_LOST),
        "completed, at a stage": Search(status=Status.COMPLETED, stage=Stage.FAILED),
        "completed before half a year": Search(status=Status.COMPLETED, created_before=half),
        "a code, half an id": Search(error_code=FailureCode.WORKER_LOST, job_ids=_beginning(some, 32)),
        "a code, a digit of an id": Search(error_code=FailureCode.CONTENT_BLOCKED, job_ids=_beginning(some, 4)),
        "a code, five attempts": Search(error_code=FailureCode.CONTENT_BLOCKED, min_attempt=5),
        "a code, six attempts": Search(error_code=FailureCode.WORKER_LOST, min_attempt=6),
        "a person's, failed": Search(last_actor=MAX, status=Status.FAILED),
        "a person's, of a session": Search(last_actor=ERIKA, session=session),
        "stands still, at a stage": Search(stands_still=True, stage=Stage.GENERATING),
        "stands still, of a session": Search(stands_still=True, session=session),
        "put off, since yesterday": Search(put_off=True, created_after=day),
        "all at once": Search(
            status=Status.FAILED,
            stage=Stage.FAILED,
            error_code=FailureCode.CONTENT_BLOCKED,
            min_attempt=2,
            created_after=half,
            created_before=day,
            stands_still=False,
            put_off=False,
            failure_group=RECENT,
        ),
    }


DEEP: Final = ("everything", "a session", "failed", "a seldom code", "completed", "five attempts", "a group")
"""Searches that are also measured on pages far from the first one."""


def _named(found: dict[str, Search]) -> Iterator[tuple[str, Search, bool]]:
    yield from ((name, search, False) for name, search in found.items())
    yield from ((f"{name}, deep", found[name], True) for name in DEEP)


def _beginning(upload_id: UUID, bits: int) -> tuple[UUID, UUID]:
    rest = 128 - bits
    lowest = upload_id.int >> rest << rest
    return UUID(int=lowest), UUID(int=lowest + 2**rest - 1)


def _measure(url: str, search: Search, *, times: int, deadline: float, is_deep: bool) -> Figures:
    if time.monotonic() > deadline:
        return {}
    pool = open_pool(url, 1, "search", 60)
    took = []
    try:
        for turn in count():
            after = (
                PageEnd(datetime.now(UTC) - timedelta(days=360 * (turn + 1) / (times + 1)), NIL) if is_deep else None
            )
            began = time.perf_counter()
            find(pool, search, after, PAGE)
            took.append((time.perf_counter() - began) * 1000)
            if len(took) == times or time.monotonic() > deadline:
                break
    finally:
        pool.close()
    took.sort()
    return {"ms median": took[len(took) // 2], "ms p95": took[ceil(len(took) * 0.95) - 1]}
