"""The query of the poll path: many polls share one, and each is answered in time whatever the database does."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from uuid import uuid4

import psycopg
import pytest

from domain.errors import LogUnavailableError
from domain.stages import Stage
from domain.uploads import Uploads
from projections.log.connections import BoundAsyncConnection
from projections.log.event_log import EventLog
from projections.log.pools import async_pool
from projections.log.schema import migrate
from projections.queries.status import IN_LOG_ONLY, SELECT_STATUSES, StatusReader, StatusRow, folded_row
from projections.rows.projector import projector
from tests.servers import running_postgres
from tests.submissions import run_to, submit

T = TypeVar("T")


class Counter:
    """How many queries were sent."""

    def __init__(self) -> None:
        self.queries = 0
        self.was_asked = asyncio.Event()


def on_loop(database_url: str, use: Callable[[StatusReader, Counter], Awaitable[T]]) -> T:
    """Use a reader on an event loop of its own."""

    async def run() -> T:
        counter = Counter()

        class Counting(BoundAsyncConnection):
            """A connection whose queries are counted."""

            def cursor(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - the driver's
                if kwargs:  # the pool asks whether the server is there, and for no rows
                    counter.queries += 1
                    counter.was_asked.set()
                return super().cursor(*args, **kwargs)

        async with async_pool(database_url, 4, "reader", Counting) as pool:
            return await use(StatusReader(pool), counter)

    return asyncio.run(run())


def test_the_row_equals_the_fold_of_the_log(
    database_url: str,
    uploads: Uploads,
    event_log: EventLog,
    pool: Any,  # noqa: ANN401 - the driver's
) -> None:
    upload = run_to(uploads, submit(uploads).id, Stage.COMPLETE)
    projector(event_log, pool).catch_up()

    async def read(reader: StatusReader, _: Counter) -> tuple[object, object]:
        row = await reader.status(upload.id)
        assert isinstance(row, StatusRow)
        assert row.result_id
        assert await reader.result(row.result_id, "of another session") is None
        return row, await reader.result(row.result_id, upload.session_hash)

    row, result = on_loop(database_url, read)

    assert row == folded_row(event_log.history(upload.id))
    assert upload.result
    assert (result.full_image, result.preview) == (upload.result.full, upload.result.preview)  # type: ignore[attr-defined] # a CompletedResult


def test_an_upload_that_the_projector_has_not_seen_is_told_from_none(database_url: str, uploads: Uploads) -> None:
    upload = submit(uploads)

    async def read(reader: StatusReader, counter: Counter) -> tuple[object, object, int]:
        known, unknown = await asyncio.gather(reader.status(upload.id), reader.status(uuid4()))
        return known, unknown, counter.queries

    assert on_loop(database_url, read) == (IN_LOG_ONLY, None, 1)


def test_polls_that_arrive_together_are_one_query(
    database_url: str,
    uploads: Uploads,
    event_log: EventLog,
    pool: Any,  # noqa: ANN401 - the driver's
) -> None:
    ids = [submit(uploads).id for _ in range(20)]
    projector(event_log, pool).catch_up()
    strangers = [uuid4() for _ in range(5)]

    async def poll(reader: StatusReader, counter: Counter) -> tuple[list[object], int]:
        rows = await asyncio.gather(*(reader.status(upload_id) for upload_id in [*ids, *strangers, *ids]))
        return [isinstance(row, StatusRow) and row.upload_id for row in rows], counter.queries

    found, queries = on_loop(database_url, poll)

    assert found == [*ids, *[False] * 5, *ids]
    assert queries == 1


def test_a_poll_is_never_answered_by_a_query_that_was_sent_before_it(
    database_url: str,
    uploads: Uploads,
    event_log: EventLog,
    pool: Any,  # noqa: ANN401 - the driver's
) -> None:
    upload = submit(uploads)
    projector(event_log, pool).catch_up()
    with psycopg.connect(database_url) as blocker:
        blocker.execute("LOCK TABLE uploads")

        async def poll(reader: StatusReader, counter: Counter) -> int:
            first = asyncio.ensure_future(reader.status(upload.id))
            await counter.was_asked.wait()
            second = asyncio.ensure_future(reader.status(upload.id))
            await asyncio.sleep(0)
            blocker.rollback()
            await asyncio.gather(first, second)
            return counter.queries

        assert on_loop(database_url, poll) == 2


def test_a_cancelled_poll_does_not_cancel_the_others(database_url: str, uploads: Uploads) -> None:
    upload_id = submit(uploads).id

    async def poll(reader: StatusReader, _: Counter) -> object:
        gone, stays = (asyncio.ensure_future(reader.status(upload_id)) for _ in range(2))
        await asyncio.sleep(0)
        gone.cancel()
        return await stays

    assert on_loop(database_url, poll) is IN_LOG_ONLY


def test_a_database_that_hangs_makes_a_poll_unavailable_in_time(database_url: str) -> None:
    with psycopg.connect(database_url) as blocker:
        blocker.execute("LOCK TABLE uploads, results")

        async def poll(reader: StatusReader, _: Counter) -> None:
            answers = await asyncio.gather(
                reader.status(uuid4()),
                reader.status(uuid4()),
                reader.result(uuid4(), "a session"),
                return_exceptions=True,
            )
            assert {type(answer) for answer in answers} == {LogUnavailableError}
            blocker.rollback()  # not before all have been answered
            assert await reader.status(uuid4()) is None  # it goes on by itself

        on_loop(database_url, poll)


def test_polls_work_again_after_the_database_was_unavailable() -> None:
    with running_postgres() as postgres:
        migrate(postgres.url)

        async def poll(reader: StatusReader, _: Counter) -> None:
            assert await reader.status(uuid4()) is None
            await asyncio.to_thread(postgres.stop)
            with pytest.raises(LogUnavailableError):
                await reader.status(uuid4())
            with pytest.raises(LogUnavailableError):
                await reader.result(uuid4(), "a session")
            await asyncio.to_thread(postgres.start)
            async with asyncio.timeout(90):
                while True:
                    try:
                        assert await reader.status(uuid4()) is None
                    except LogUnavailableError:
                        continue
                    return

        on_loop(postgres.url, poll)


def test_an_unexpected_error_is_raised_in_each_waiting_poll_and_in_no_later_one(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def poll(reader: StatusReader, _: Counter) -> set[type]:
        monkeypatch.setattr("projections.queries.status.SELECT_STATUSES", "SELECT nonsense WHERE %s::text IS NULL")
        answers = await asyncio.gather(*(reader.status(uuid4()) for _ in range(3)), return_exceptions=True)
        monkeypatch.setattr("projections.queries.status.SELECT_STATUSES", SELECT_STATUSES)
        assert await reader.status(uuid4()) is None
        return {type(answer) for answer in answers}

    assert on_loop(database_url, poll) == {psycopg.errors.UndefinedColumn}
