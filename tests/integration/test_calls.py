"""The breaker and the budget of the image model's calls, on a real PostgreSQL that several workers share."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import chain
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg_pool import ConnectionPool

from domain.errors import LogUnavailableError
from domain.failures import FailureCode
from projections.log.pools import open_pool
from workers.errors import PassingError, PermanentError
from workers.runs.calls import FAILURES, LOOK_AGAIN_SECONDS, PROBE_SECONDS, SPREAD_SECONDS, Calls

Pool = ConnectionPool[psycopg.Connection[Any]]
MODEL = "gemini/test"


@pytest.fixture
def calls(pool: Pool) -> Calls:
    return Calls(pool, MODEL, None)


@pytest.fixture
def broken(calls: Calls) -> Calls:
    """Calls of a model that has failed often enough."""
    for _ in range(FAILURES):
        fail(calls)
    return calls


def fail(calls: Calls, retry_after: float | None = None) -> None:
    with pytest.raises(PassingError), calls.judged():
        raise PassingError(FailureCode.GENERATION_UNAVAILABLE, retry_after=retry_after)


def execute(pool: Pool, statement: str) -> None:
    with pool.connection() as connection:
        connection.execute(statement.encode())


def refused(calls: Calls) -> FailureCode | None:
    refusal = calls.refusal()
    return refusal.code if refusal else None


def test_a_model_that_never_failed_may_be_called(calls: Calls) -> None:
    calls.admit(uuid4(), 1)

    assert refused(calls) is None


def test_the_breaker_opens_only_after_failures_in_a_row(calls: Calls) -> None:
    for _ in range(FAILURES - 1):
        fail(calls)
    with calls.judged():
        pass
    for _ in range(FAILURES - 1):
        fail(calls)
    assert refused(calls) is None
    fail(calls)

    assert refused(calls) is FailureCode.GENERATION_PAUSED


def test_an_open_breaker_says_when_to_ask_again(broken: Calls) -> None:
    refusal = broken.refusal()

    assert refusal is not None
    assert refusal.retry_after is not None
    assert 0 < refusal.retry_after <= PROBE_SECONDS + SPREAD_SECONDS


def test_the_wait_that_a_model_asks_for_holds_for_all(calls: Calls, broken: Calls) -> None:
    fail(calls, retry_after=40)
    refusal = broken.refusal()

    assert refusal is not None
    assert refusal.retry_after is not None
    assert refusal.retry_after > 35


def test_a_failure_without_a_wish_does_not_cut_short_the_wait_that_another_one_asked_for(
    pool: Pool, broken: Calls
) -> None:
    execute(pool, "UPDATE image_models SET next_call_at = clock_timestamp()")
    probe = broken.admit(uuid4(), 1)
    fail(broken, retry_after=40)
    fail(broken)
    with pytest.raises(PassingError), broken.judged(probe):
        raise PassingError(FailureCode.GENERATION_UNAVAILABLE)
    refusal = broken.refusal()

    assert refusal is not None
    assert refusal.retry_after is not None
    assert refusal.retry_after > 35


def test_a_probe_that_fails_leaves_the_model_to_the_next_one(pool: Pool, broken: Calls) -> None:
    execute(pool, "UPDATE image_models SET next_call_at = clock_timestamp()")
    probe = broken.admit(uuid4(), 1)
    with pytest.raises(PassingError), broken.judged(probe):
        raise PassingError(FailureCode.GENERATION_UNAVAILABLE)
    refusal = broken.refusal()

    assert refusal is not None
    assert refusal.retry_after is not None
    assert refusal.retry_after <= PROBE_SECONDS + SPREAD_SECONDS


def test_an_open_breaker_lets_one_call_through_and_an_answer_closes_it(pool: Pool, broken: Calls) -> None:
    execute(pool, "UPDATE image_models SET next_call_at = clock_timestamp()")
    broken.admit(uuid4(), 1)
    with pytest.raises(PassingError, match="GENERATION_PAUSED"):
        broken.admit(uuid4(), 1)
    with broken.judged():
        pass

    assert refused(broken) is None


def test_a_refusal_by_the_model_is_an_answer_too(broken: Calls) -> None:
    with pytest.raises(PermanentError), broken.judged():
        raise PermanentError(FailureCode.CONTENT_BLOCKED)

    assert refused(broken) is None


def test_a_mistake_of_ours_says_nothing_about_the_model(broken: Calls) -> None:
    with pytest.raises(ZeroDivisionError), broken.judged():
        raise ZeroDivisionError

    assert refused(broken) is FailureCode.GENERATION_PAUSED


def test_a_model_that_is_down_for_long_is_counted_against_those_who_wait(pool: Pool, broken: Calls) -> None:
    execute(pool, "UPDATE image_models SET down_since = down_since - interval '3 min'")

    assert refused(broken) is FailureCode.GENERATION_UNAVAILABLE


def test_a_model_that_was_down_long_ago_gets_its_patience_anew(pool: Pool, broken: Calls) -> None:
    execute(
        pool,
        "UPDATE image_models SET down_since = down_since - interval '1 day', failed_at = failed_at - interval '1 day',"
        " next_call_at = clock_timestamp()",
    )
    broken.admit(uuid4(), 1)

    assert refused(broken) is FailureCode.GENERATION_PAUSED


def test_another_model_is_not_affected(pool: Pool, broken: Calls) -> None:
    assert refused(broken) is FailureCode.GENERATION_PAUSED
    assert refused(Calls(pool, "gemini/other", None)) is None


@pytest.fixture
def pools(database_url: str) -> Iterator[list[Pool]]:
    """The connections of four workers."""
    with ExitStack() as stack:
        yield [stack.enter_context(open_pool(database_url, 4, f"worker {number}")) for number in range(4)]


def test_however_many_workers_ask_at_once_no_more_calls_are_made_than_the_budget_has(pools: list[Pool]) -> None:
    workers = [Calls(pool, MODEL, 7) for pool in pools]

    def ask(calls: Calls) -> str:
        try:
            calls.admit(uuid4(), 1)
        except PassingError as error:
            return error.code
        return "admitted"

    def ask_four_times(calls: Calls) -> list[str]:
        return [ask(calls) for _ in range(4)]

    with ThreadPoolExecutor(16) as executor:  # as many for each worker as it has connections
        answers = Counter(chain.from_iterable(executor.map(ask_four_times, workers * 4)))

    assert answers == {"admitted": 7, FailureCode.GENERATION_BUDGET_SPENT: 57}


def test_a_budget_has_room_again_an_hour_after_its_oldest_call(pool: Pool) -> None:
    calls = Calls(pool, MODEL, 2)
    calls.admit(uuid4(), 1)
    execute(pool, "UPDATE generation_calls SET called_at = called_at - interval '59 min 58 s'")
    calls.admit(uuid4(), 1)
    refusal = calls.refusal()
    assert refusal is not None
    assert refusal.retry_after is not None
    assert refusal.retry_after <= 2 + SPREAD_SECONDS
    execute(pool, "UPDATE generation_calls SET called_at = called_at - interval '2 s' WHERE call_id = 1")

    calls.admit(uuid4(), 1)
    assert refused(calls) is FailureCode.GENERATION_BUDGET_SPENT


def test_a_spent_budget_is_looked_at_again_every_minute_for_it_may_have_been_raised(pool: Pool) -> None:
    calls = Calls(pool, MODEL, 1)
    calls.admit(uuid4(), 1)
    refusal = calls.refusal()

    assert refusal is not None
    assert refusal.retry_after is not None
    assert LOOK_AGAIN_SECONDS <= refusal.retry_after <= LOOK_AGAIN_SECONDS + SPREAD_SECONDS
    assert refused(Calls(pool, MODEL, 2)) is None


def test_the_ledger_has_every_call_with_its_upload_and_attempt(pool: Pool, calls: Calls) -> None:
    upload_id = uuid4()
    calls.admit(upload_id, 2)
    with pool.connection() as connection:
        ledger = connection.execute("SELECT upload_id, attempt, model FROM generation_calls").fetchall()

    assert ledger == [(upload_id, 2, MODEL)]


def test_without_a_database_no_call_is_admitted_and_none_that_was_made_is_lost() -> None:
    with open_pool("postgresql://absent@/nothing?host=/nonexistent", 1, "nowhere") as pool:
        pool.timeout = 0.1
        calls = Calls(pool, MODEL, None)
        with pytest.raises(LogUnavailableError):
            calls.admit(uuid4(), 1)
        with calls.judged():
            pass
