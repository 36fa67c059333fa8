"""Reads the status of uploads. Polls that arrive together are answered by one query over their ids.

The caller decides who may see a row. What there is not and what belongs to another session take the same way, so that
no time tells them apart.
"""

import asyncio
from collections.abc import Awaitable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from enum import Enum
from functools import reduce
from itertools import chain, islice
from typing import Any, Final, LiteralString, NamedTuple, TypeVar
from uuid import UUID

import msgspec
import psycopg
from msgspec import Struct
from psycopg.rows import AsyncRowFactory, dict_row, tuple_row
from psycopg_pool import AsyncConnectionPool

from domain.errors import LogUnavailableError
from domain.events import Erased, Failed, Retried, StoredImage
from domain.failures import FailureCode
from domain.objects import Expiry
from domain.stages import Stage, Status
from projections.log.connections import translated
from projections.log.event_log import LoggedEvent
from projections.rows.uploads import project

_Row = TypeVar("_Row")

QUERY_SECONDS: Final = 4.0
"""A poll gets its row, or LogUnavailableError, within this time."""
BATCH: Final = 500
"""The most ids in one query."""

TRANSITIONS: Final = (Failed.NAME, Retried.NAME, Erased.NAME)
"""Events that a client may already have seen in an answer built from the log, before the projector writes the row."""

# Each row carries the ordinal of its id in the query, so that no ids need to be compared afterwards. The ids are sent
# as one text, because an array of ids is much slower to send.
# An upload that the projector has not seen yet has a row without columns. One that the log does not know has none: it
# costs its client's poll as much as the row of another session does, in time and in work.
SELECT_STATUSES: Final = f"""
SELECT asked.ordinal, u.upload_id, version, session_hash, status, stage, progress, attempt, result_id, error_code,
       error_message, created_at, updated_at, running, retry_at, waiting_for, stage_since, expired,
       status <> 'completed' AND EXISTS (
           SELECT FROM event_log e WHERE e.upload_id = u.upload_id AND e.version > u.version AND e.name IN {TRANSITIONS}
       ) AS missed_transition
FROM unnest(%s::uuid[]) WITH ORDINALITY AS asked (upload_id, ordinal)
LEFT JOIN uploads u ON u.upload_id = asked.upload_id
-- LIMIT keeps PostgreSQL from reading the whole log for many ids, as it may for EXISTS.
WHERE u.upload_id IS NOT NULL OR (SELECT true FROM event_log e WHERE e.upload_id = asked.upload_id LIMIT 1)
"""  # noqa: S608 - names of our own
SELECT_RESULT: Final = """
SELECT r.result_id, r.upload_id, r.model, r.full_image, r.preview, r.created_at, u.expired
FROM results r JOIN uploads u ON u.upload_id = r.upload_id AND u.result_id = r.result_id
WHERE r.result_id = %s AND u.session_hash = %s AND r.preview IS NOT NULL
"""


class InLogOnly(Enum):
    """What is read of an upload that the projector has not seen yet."""

    IN_LOG_ONLY = "in the log only"


IN_LOG_ONLY: Final = InLogOnly.IN_LOG_ONLY


class StatusRow(Struct, frozen=True):
    """The status of an upload, and its session hash; the columns of SELECT_STATUSES after the ordinal."""

    upload_id: UUID
    version: int
    session_hash: str
    status: Status
    stage: Stage | None
    progress: int
    attempt: int
    result_id: UUID | None
    error_code: FailureCode | None
    error_message: str | None
    created_at: datetime
    updated_at: datetime
    running: bool
    retry_at: datetime | None
    waiting_for: FailureCode | None
    stage_since: datetime
    expired: Expiry | None = None
    missed_transition: bool = False  # the log has one of TRANSITIONS that is not in the row yet


Known = StatusRow | InLogOnly | None
"""None: there is no such upload."""


def folded_row(history: Sequence[LoggedEvent]) -> StatusRow:
    """The row that the projector would build from the events; there must be at least one."""
    projection = reduce(project, history[1:], project(None, history[0]))
    return msgspec.convert(projection.row(), StatusRow, from_attributes=True)


def row_at_last_transition(history: Sequence[LoggedEvent]) -> StatusRow:
    """The row at the last of TRANSITIONS, or at the submission if there was none.

    The next row of the projector may lag behind the log. Later events are left out, because otherwise the poll that
    reads that row would seem to go back.
    """
    return folded_row(history[: max((logged.version for logged in history if logged.name in TRANSITIONS), default=1)])


class CompletedResult(Struct, frozen=True, kw_only=True):
    """The result of a complete upload."""

    result_id: UUID
    upload_id: UUID
    model: str
    full_image: StoredImage
    preview: StoredImage
    created_at: datetime
    expired: Expiry | None = None


class _Polls(NamedTuple):
    """The polls of one query, by upload id, and the time at which the first of them must be answered."""

    by_upload: dict[str, list[asyncio.Future[Known]]]
    """The ids are 32 digits: a UUID is hashed and compared by Python code, a text is not."""
    due: float

    def answer(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """Give each poll its row, or None."""
        found: list[Known] = [None] * len(self.by_upload)
        for row in rows:
            found[row[0] - 1] = IN_LOG_ONLY if row[1] is None else StatusRow(*row[1:])
        for upload, polls in zip(found, self.by_upload.values(), strict=True):
            for poll in polls:
                if not poll.done():  # the poll may be cancelled
                    poll.set_result(upload)

    def refuse(self, error: Exception) -> None:
        """Raise the error in each poll."""
        for poll in chain.from_iterable(self.by_upload.values()):
            if not poll.done():
                poll.set_exception(error)
                poll.exception()  # asyncio would log an exception that is not retrieved


class StatusReader:
    """Reads the read model for polls, over a pool in autocommit."""

    def __init__(self, pool: AsyncConnectionPool[psycopg.AsyncConnection[Any]]) -> None:
        self._pool = pool
        self._waiting: dict[str, list[asyncio.Future[Known]]] = {}
        self._since = 0.0
        self._loop: asyncio.AbstractEventLoop
        self._round: asyncio.Task[None] | None = None

    def status(self, upload_id: UUID) -> Awaitable[Known]:
        """The row of the upload, read after this call. Raises LogUnavailableError."""
        # The same client may have read a newer state elsewhere since a running query was sent, so a poll only joins a
        # query that is not sent yet.
        if not self._waiting:
            # Once for a query: asyncio asks the kernel for the process's id whenever it is asked for its loop.
            self._loop = asyncio.get_running_loop()
            self._since = self._loop.time()
            if self._round is None or self._round.done():
                self._round = self._loop.create_task(self._answer_all())
        answer: asyncio.Future[Known] = self._loop.create_future()
        self._waiting.setdefault(upload_id.hex, []).append(answer)
        return answer

    async def result(self, result_id: UUID, session_hash: str) -> CompletedResult | None:
        """The session's result, once its upload is complete. Raises LogUnavailableError."""
        rows = await self.select(SELECT_RESULT, dict_row, result_id, session_hash)
        return msgspec.convert(rows[0], CompletedResult) if rows else None

    async def select(self, query: LiteralString, rows: AsyncRowFactory[_Row], *parameters: object) -> list[_Row]:
        """The rows of any query, within the same time limit. Raises LogUnavailableError."""
        with _bounded():
            async with asyncio.timeout(QUERY_SECONDS), self._pool.connection() as connection:
                cursor = connection.cursor(row_factory=rows)
                return await (await cursor.execute(query, parameters, prepare=True)).fetchall()

    async def _answer_all(self) -> None:
        while self._waiting:
            polls = self._take()
            try:
                with _bounded():
                    async with asyncio.timeout_at(polls.due) as bound, self._pool.connection() as connection:
                        # Keep the connection while polls arrive: taking one from the pool costs more than the query.
                        while polls.by_upload:
                            bound.reschedule(polls.due)
                            polls.answer(await _select(connection, polls.by_upload))
                            polls = self._take()
            except Exception as error:  # noqa: BLE001 - every waiting poll gets the error
                polls.refuse(error)

    def _take(self) -> _Polls:
        """The next polls, up to BATCH uploads."""
        taken, due, self._waiting = self._waiting, self._since + QUERY_SECONDS, {}
        if len(taken) > BATCH:
            self._waiting = dict(islice(taken.items(), BATCH, None))
            self._since = asyncio.get_running_loop().time()
            taken = dict(islice(taken.items(), BATCH))
        return _Polls(taken, due)


async def _select(connection: psycopg.AsyncConnection[Any], upload_ids: Iterable[str]) -> list[tuple[Any, ...]]:
    cursor = connection.cursor(row_factory=tuple_row, binary=True)
    return await (await cursor.execute(SELECT_STATUSES, (f"{{{','.join(upload_ids)}}}",), prepare=True)).fetchall()


@contextmanager
def _bounded() -> Iterator[None]:
    try:
        with translated():
            yield
    except TimeoutError as error:
        raise LogUnavailableError from error
