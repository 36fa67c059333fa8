"""Permits for calls of the image model. All workers ask here before each call, and PostgreSQL counts.

The breaker: FAILURES calls in a row that came to nothing open it, and then the model is asked by one run, to see.

    closed -- FAILURES in a row --> open: one call every PROBE_SECONDS -- an answer, whatever it is --> closed

One that calls then has ANSWER_SECONDS for itself. Of a model that only hangs one call more is made each time that they
have passed: how long its worker waits is not known here, nor whether it lives.

The budget: so many calls in any hour, and a share of them for each session, so that one client cannot spend them all. A
call is written into the ledger just before it is made; one that is not made after all, because
its worker died in between, is counted all the same.

An upload that may not call is put off, and that counts as no failed attempt. Only when the model has been down for
PATIENCE_SECONDS
does waiting help no longer: then each refusal counts like a failed call, so that every upload ends. Those that come
later are told soon.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
import psycopg
import structlog
from psycopg.rows import class_row

from domain.errors import LogUnavailableError
from domain.failures import FailureCode
from projections.log.pools import Pool, connected
from workers.errors import PassingError, PermanentError

FAILURES: Final = 5
"""In a row, over all uploads and workers."""
PROBE_SECONDS: Final = 5.0
"""Between two calls while the breaker is open; longer where the model asked for it."""
LONGEST_PROBE_SECONDS: Final = 60.0
ANSWER_SECONDS: Final = 30.0
"""How long the others wait for the one that calls, before one of them does; its worker may have died."""
PATIENCE_SECONDS: Final = 120.0
"""How long a model may be down before that is counted against those who wait for it."""
LOOK_AGAIN_SECONDS: Final = 60.0
"""The longest that an upload is put off at a time: a budget that was raised is noticed by then."""
SPREAD_SECONDS: Final = 5.0
"""Those who wait come back over this long, and not all at once."""

SHARES: Final = 4
"""One session may have this part of the budget; the API allows one address as many uploads (app/limits)."""
SMALLEST_SHARE: Final = 3
"""A budget of fewer calls is not shared."""

LOCK: Final = 0x6461726B_63616C  # "darkcal"

TAKE_LOCK: Final = "SELECT pg_advisory_xact_lock(%s)"
SELECT_STATE: Final = """
SELECT (SELECT extract(epoch FROM clock_timestamp() - down_since)::float FROM image_models
        WHERE model = %(model)s) AS down_for,
       (SELECT extract(epoch FROM next_call_at - clock_timestamp())::float FROM image_models
        WHERE model = %(model)s AND down_since IS NOT NULL) AS next_call_in,
       (SELECT extract(epoch FROM called_at + interval '1 hour' - clock_timestamp())::float FROM generation_calls
        WHERE %(budget)s::int IS NOT NULL ORDER BY called_at DESC OFFSET %(budget)s::int - 1 LIMIT 1) AS room_in,
       (SELECT extract(epoch FROM called_at + interval '1 hour' - clock_timestamp())::float FROM generation_calls
        WHERE %(share)s::int IS NOT NULL AND session_hash = (
            SELECT state ->> 'session_hash' FROM event_log WHERE upload_id = %(upload_id)s::uuid AND version = 1)
        ORDER BY called_at DESC OFFSET %(share)s::int - 1 LIMIT 1) AS share_in
"""
# A clock that stepped back makes every wait longer by the step. No wait is longer than it could be if it began now.
# least() passes over a null, which would open a breaker that is closed.
BOUND_MODEL: Final = """
UPDATE image_models
SET failed_at = least(failed_at, clock_timestamp()),
    down_since = CASE WHEN down_since IS NOT NULL THEN least(down_since, clock_timestamp()) END,
    next_call_at = least(next_call_at, clock_timestamp() + make_interval(secs => %(longest)s))
WHERE model = %(model)s
  AND greatest(failed_at, down_since, next_call_at - make_interval(secs => %(longest)s)) > clock_timestamp()
"""
BOUND_CALLS: Final = "UPDATE generation_calls SET called_at = clock_timestamp() WHERE called_at > clock_timestamp()"
INSERT_CALL: Final = """
INSERT INTO generation_calls (upload_id, attempt, model, session_hash)
VALUES (%(upload_id)s, %(attempt)s, %(model)s,
        (SELECT state ->> 'session_hash' FROM event_log WHERE upload_id = %(upload_id)s AND version = 1))
"""
# What is long past says nothing about now: a model that was down yesterday gets its patience anew.
BEGIN_PROBE: Final = """
UPDATE image_models
SET next_call_at = clock_timestamp() + make_interval(secs => %(answer)s),
    down_since = CASE WHEN failed_at < clock_timestamp() - make_interval(secs => %(patience)s)
                      THEN clock_timestamp() ELSE down_since END
WHERE model = %(model)s AND down_since IS NOT NULL
RETURNING next_call_at
"""
# A wait that the model asked for is not cut short by another call's failure; the time that a probe has for itself ends
# with its own.
COUNT_FAILURE: Final = """
INSERT INTO image_models AS m (model, failures, failed_at, next_call_at)
VALUES (%(model)s, 1, clock_timestamp(), clock_timestamp() + make_interval(secs => %(wait)s))
ON CONFLICT (model) DO UPDATE
SET failures = m.failures + 1, failed_at = excluded.failed_at,
    next_call_at = CASE WHEN m.next_call_at = %(probe)s THEN excluded.next_call_at
                        ELSE greatest(m.next_call_at, excluded.next_call_at) END,
    down_since = CASE WHEN m.failures + 1 >= %(failures)s THEN coalesce(m.down_since, clock_timestamp()) END
RETURNING m.failures, m.down_since IS NOT NULL
"""
FORGET_FAILURES: Final = """
UPDATE image_models SET failures = 0, down_since = NULL, next_call_at = clock_timestamp()
WHERE model = %(model)s AND failures > 0 RETURNING model
"""

log = structlog.get_logger(__name__)


class State(msgspec.Struct, frozen=True):
    """The reasons why a call must wait now, each in seconds; None or past if it need not."""

    down_for: float | None = None
    next_call_in: float | None = None
    room_in: float | None = None
    share_in: float | None = None

    def refusal(self) -> PassingError | None:
        """Why no call may be made, and when to ask again."""
        if self.next_call_in is not None and self.next_call_in > 0:
            if (self.down_for or 0) > PATIENCE_SECONDS:
                return PassingError(FailureCode.GENERATION_UNAVAILABLE, f"down for {self.down_for:.0f} s")
            return _put_off(FailureCode.GENERATION_PAUSED, self.next_call_in)
        room_in = max(self.room_in or 0, self.share_in or 0)
        if room_in > 0:
            return _put_off(FailureCode.GENERATION_BUDGET_SPENT, room_in)
        return None


def share_of(budget: int | None) -> int | None:
    """How many calls of a budget one client may have; None without a budget."""
    return None if budget is None else max(SMALLEST_SHARE, budget // SHARES)


def _put_off(code: FailureCode, seconds: float) -> PassingError:
    wait = min(seconds, LOOK_AGAIN_SECONDS) + random.uniform(0, SPREAD_SECONDS)  # noqa: S311 - no secret
    return PassingError(code, f"{seconds:.0f} s to go", retry_after=wait)


class Calls:
    """The calls of one image model, with a budget for the hour or none."""

    def __init__(self, pool: Pool, model: str, budget: int | None) -> None:
        self._pool = pool
        self._parameters: dict[str, object] = {
            "model": model,
            "budget": budget,
            "share": share_of(budget),
            "answer": ANSWER_SECONDS,
            "patience": PATIENCE_SECONDS,
            "longest": LONGEST_PROBE_SECONDS,
            "failures": FAILURES,
        }
        self._model = model

    def refusal(self, upload_id: UUID | None = None) -> PassingError | None:
        """Why a call for the upload would be refused just now; nothing is counted. Raises LogUnavailableError."""
        with connected(self._pool) as connection:
            return self._state(connection, upload_id).refusal()

    def admit(self, upload_id: UUID, attempt: int) -> datetime | None:
        """Count a call that is about to be made; of a probe, until when it has the model for itself.

        Raises PassingError if it may not be made, LogUnavailableError.
        """
        with connected(self._pool) as connection, connection.transaction():
            # Two that look at once would both find room for one. Taken in a statement of its own: the next one sees
            # what was committed until then.
            connection.execute(TAKE_LOCK, (LOCK,))
            if refusal := self._state(connection, upload_id).refusal():
                raise refusal
            connection.execute(INSERT_CALL, {"upload_id": upload_id, "attempt": attempt, "model": self._model})
            probe = connection.execute(BEGIN_PROBE, self._parameters).fetchone()
            return probe[0] if probe else None

    @contextmanager
    def judged(self, probe: datetime | None = None) -> Iterator[None]:
        """Let the breaker know whether the model answers, by how the call in here ends; `probe` is from `admit`."""
        try:
            yield
        except PassingError as error:
            self._count_failure(error.retry_after or 0, probe)
            raise
        except PermanentError:
            self._forget_failures()  # it said no, and so it lives
            raise
        self._forget_failures()

    def _count_failure(self, asked: float, probe: datetime | None) -> None:
        wait = min(max(PROBE_SECONDS, asked), LONGEST_PROBE_SECONDS)
        if told := self._tell(COUNT_FAILURE, {**self._parameters, "wait": wait, "probe": probe}):
            failures, is_open = told
            log.warning("model.failed", model=self._model, failures=failures, breaker="open" if is_open else "closed")

    def _forget_failures(self) -> None:
        if told := self._tell(FORGET_FAILURES, self._parameters):
            log.info("model.answers", model=told[0])

    def _tell(self, statement: str, parameters: dict[str, object]) -> tuple[Any, ...] | None:
        try:
            with connected(self._pool) as connection:
                return connection.execute(statement, parameters).fetchone()
        except LogUnavailableError:
            return None  # the next call will tell

    def _state(self, connection: psycopg.Connection[Any], upload_id: UUID | None) -> State:
        connection.execute(BOUND_MODEL, self._parameters)
        connection.execute(BOUND_CALLS)
        cursor = connection.cursor(row_factory=class_row(State))
        return cursor.execute(SELECT_STATE, {**self._parameters, "upload_id": upload_id}).fetchone() or State()
