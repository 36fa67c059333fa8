"""The poll path's only SELECT: polls that arrive together are answered by one query over their ids.

It knows rows, not sessions: who may see one is decided by whoever asks.
"""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
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
from domain.stages import Stage, Status
from projections.log.connections import translated
from projections.log.event_log import LoggedEvent
from projections.rows.uploads import project

_Row = TypeVar("_Row")

QUERY_SECONDS: Final = 4.0
"""A poll is answered within this long, be it with LogUnavailableError."""
BATCH: Final = 500
"""The most ids that one query asks for."""

TRANSITIONS: Final = (Failed.NAME, Retried.NAME, Erased.NAME)
"""What somebody asked for, or what ends the asking: a client may have read of it in an answer made of the log."""

# In the order of the ids that are asked for, by their place among them: so no id of a row has to be compared with
# another. As one text, because an array of ids is much slower to send.
SELECT_STATUSES: Final = f"""
SELECT asked.place, upload_id, version, session_hash, status, stage, progress, attempt, result_id, error_code,
       error_message, created_at, updated_at, running, retry_at, waiting_for, stage_since,
       status <> 'completed' AND EXISTS (
           SELECT FROM event_log e WHERE e.upload_id = u.upload_id AND e.version > u.version AND e.name IN {TRANSITIONS}
       ) AS missed_transition
FROM unnest(%s::uuid[]) WITH ORDINALITY AS asked (upload_id, place) JOIN uploads u USING (upload_id)
"""  # noqa: S608 - names of our own
SELECT_RESULT: Final = """
SELECT r.result_id, r.upload_id, u.session_hash, r.model, r.full_image, r.preview, r.created_at
FROM results r JOIN uploads u ON u.upload_id = r.upload_id AND u.result_id = r.result_id
WHERE r.result_id = %s AND r.preview IS NOT NULL
"""


class StatusRow(Struct, frozen=True):
    """Where an upload is, and whose it is; its fields are SELECT_STATUSES' columns, in their order, after the place."""

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
    missed_transition: bool = False  # the log has one of TRANSITIONS that the row does not know yet


def folded_row(history: Sequence[LoggedEvent]) -> StatusRow:
    """The row that the projector makes of an upload's events; there is at least one."""
    projection = reduce(project, history[1:], project(None, history[0]))
    return msgspec.convert(projection.row(), StatusRow, from_attributes=True)


def row_at_last_transition(history: Sequence[LoggedEvent]) -> StatusRow:
    """The row as of the last of TRANSITIONS, or else of the submission.

    The projector's next row may be behind the log. What came after the turn stays untold, so that the poll that finds
    that row does not seem to go back.
    """
    return folded_row(history[: max((logged.version for logged in history if logged.name in TRANSITIONS), default=1)])


class CompletedResult(Struct, frozen=True, kw_only=True):
    """The result of a complete upload, and whose it is."""

    result_id: UUID
    upload_id: UUID
    session_hash: str
    model: str
    full_image: StoredImage
    preview: StoredImage
    created_at: datetime


class _Polls(NamedTuple):
    """Polls that one query will answer, by upload, and by when the first of them must be answered."""

    by_upload: dict[UUID, list[asyncio.Future[StatusRow | None]]]
    due: float

    def answer(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """Hand each poll its row, or None."""
        found: list[StatusRow | None] = [None] * len(self.by_upload)
        for place, *row in rows:
            found[place - 1] = StatusRow(*row)
        for upload, polls in zip(found, self.by_upload.values(), strict=True):
            for poll in polls:
                if not poll.done():  # whoever asked may be gone
                    poll.set_result(upload)

    def refuse(self, error: Exception) -> None:
        """Tell each poll that there is no answer."""
        for poll in chain.from_iterable(self.by_upload.values()):
            if not poll.done():
                poll.set_exception(error)
                poll.exception()  # an error that nobody fetches is reported as a mistake of ours


class StatusReader:
    """Reads the read model for pollers, over a pool in autocommit."""

    def __init__(self, pool: AsyncConnectionPool[psycopg.AsyncConnection[Any]]) -> None:
        self._pool = pool
        self._waiting: dict[UUID, list[asyncio.Future[StatusRow | None]]] = {}
        self._since = 0.0
        self._round: asyncio.Task[None] | None = None

    async def status(self, upload_id: UUID) -> StatusRow | None:
        """The upload's row as of now, or later. Raises LogUnavailableError."""
        loop = asyncio.get_running_loop()
        # A query under way may be older than what the same client has read elsewhere since: a poll only ever joins a
        # query that is still to be sent.
        if not self._waiting:
            self._since = loop.time()
            if self._round is None or self._round.done():
                self._round = loop.create_task(self._answer_all())
        answer: asyncio.Future[StatusRow | None] = loop.create_future()
        self._waiting.setdefault(upload_id, []).append(answer)
        return await answer

    async def result(self, result_id: UUID) -> CompletedResult | None:
        """The result, once its upload is complete. Raises LogUnavailableError."""
        rows = await self.select(SELECT_RESULT, dict_row, result_id)
        return msgspec.convert(rows[0], CompletedResult) if rows else None

    async def select(self, query: LiteralString, rows: AsyncRowFactory[_Row], *parameters: object) -> list[_Row]:
        """The rows of any query, within the same bound. Raises LogUnavailableError."""
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
                        # Kept while polls come in: to lend one each time costs more than the query.
                        while polls.by_upload:
                            bound.reschedule(polls.due)
                            polls.answer(await _select(connection, polls.by_upload))
                            polls = self._take()
            except Exception as error:  # noqa: BLE001 - whatever it is, each poll that waits is told
                polls.refuse(error)

    def _take(self) -> _Polls:
        """The next polls, as many as one query asks for."""
        taken, due, self._waiting = self._waiting, self._since + QUERY_SECONDS, {}
        if len(taken) > BATCH:
            self._waiting = dict(islice(taken.items(), BATCH, None))
            self._since = asyncio.get_running_loop().time()
            taken = dict(islice(taken.items(), BATCH))
        return _Polls(taken, due)


async def _select(connection: psycopg.AsyncConnection[Any], upload_ids: Iterable[UUID]) -> list[tuple[Any, ...]]:
    cursor = connection.cursor(row_factory=tuple_row, binary=True)
    ids = "{" + ",".join([upload_id.hex for upload_id in upload_ids]) + "}"  # a third of the work of str
    return await (await cursor.execute(SELECT_STATUSES, (ids,), prepare=True)).fetchall()


@contextmanager
def _bounded() -> Iterator[None]:
    try:
        with translated():
            yield
    except TimeoutError as error:
        raise LogUnavailableError from error
