"""Watches of uploads: woken by notifications of the projector, and all served by one query."""

import asyncio
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from redis import Redis

from domain.stages import Stage
from domain.uploads import Uploads
from projections.log.event_log import EventLog
from projections.log.notifications import ANY, MOST, PROJECTED, RedisNotifier, Subscription, ids_of
from projections.queries import watches as watching
from projections.queries.status import StatusReader, StatusRow
from projections.queries.watches import Watches
from projections.rows.projector import projector
from tests.integration.test_reader import Counter, on_loop
from tests.submissions import run_to, submit
from tests.waiting import until

FOREVER = 60.0


@pytest.fixture
def redis(valkey_url: str) -> Iterator[Redis]:
    with Redis.from_url(valkey_url, socket_timeout=2) as client:
        yield client


def test_a_change_reaches_all_watches_of_an_upload_by_one_query(
    database_url: str,
    uploads: Uploads,
    event_log: EventLog,
    pool: Any,  # noqa: ANN401 - the driver's
) -> None:
    upload, other = submit(uploads), submit(uploads)
    heard: list[bytes] = []
    reader_of_log = projector(event_log, pool, lambda ids: heard.append(b"".join(each.bytes for each in ids)))
    reader_of_log.catch_up()

    async def follow(reader: StatusReader, counter: Counter) -> tuple[list[int], int, int]:
        watches = Watches()

        async def version(upload_id: UUID) -> int:
            with watches.watch(upload_id) as watch:
                await watch.wait(FOREVER)
                row = await reader.status(upload_id)
                return row.version if isinstance(row, StatusRow) else 0

        following = [asyncio.create_task(version(upload.id)) for _ in range(200)]
        undisturbed = asyncio.create_task(version(other.id))
        await asyncio.sleep(0)
        run_to(uploads, upload.id, Stage.VALIDATING)
        reader_of_log.catch_up()
        watches.receive(heard[-1])
        versions = await asyncio.gather(*following)
        assert not undisturbed.done()
        assert watches.count == 1
        watches.close()
        return versions, await undisturbed, counter.queries

    versions, others, queries = on_loop(database_url, follow)

    assert (versions, others) == ([3] * 200, 1)
    assert queries == 2  # one for the two hundred, one for the other


def test_a_notification_between_two_waits_is_kept_and_a_timeout_ends_a_wait() -> None:
    async def watch() -> None:
        watches, upload_id = Watches(), uuid4()
        with watches.watch(upload_id) as watch:
            watches.receive(upload_id.bytes)
            await asyncio.wait_for(watch.wait(FOREVER), 5)
            await watch.wait(0.01)
        watches.receive(upload_id.bytes)  # no watch is left
        assert watches.count == 0

    asyncio.run(watch())


def test_a_watch_goes_on_for_the_next_request_that_has_read_what_was_told() -> None:
    async def watch() -> None:
        watches, upload_id, other_id = Watches(), uuid4(), uuid4()
        with watches.watch(upload_id, "a session 1") as answered:
            answered.told = "a session 2"
        watches.receive(upload_id.bytes)

        for stranger in (
            (upload_id, None),
            (upload_id, "a session 1"),
            (upload_id, "another 2"),
            (other_id, "a session 2"),
        ):
            with watches.watch(*stranger) as begun:
                assert not begun.is_resumed
        with watches.watch(upload_id, "a session 2") as resumed:
            assert resumed is answered
            assert resumed.is_resumed
            await asyncio.wait_for(resumed.wait(FOREVER), 5)  # what came between the two requests
        with watches.watch(upload_id, "a session 2") as begun:
            assert not begun.is_resumed, "the request before was not answered"

    asyncio.run(watch())


def test_a_watch_is_kept_for_a_moment_and_only_so_many_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "MOST_KEPT", 1)
    monkeypatch.setattr(watching, "KEPT_SECONDS", 0.01)

    async def watch() -> None:
        watches, ids = Watches(), [uuid4(), uuid4()]
        for upload_id in ids:
            with watches.watch(upload_id) as answered:
                answered.told = "a session 2"
        assert watches.count == 0
        with watches.watch(ids[1], "a session 2") as begun:
            assert not begun.is_resumed, "there are too many"
        ended = asyncio.Event()
        asyncio.get_running_loop().call_later(0.02, ended.set)
        await ended.wait()
        with watches.watch(ids[0], "a session 2") as begun:
            assert not begun.is_resumed, "its time is over"

    asyncio.run(watch())


def test_a_message_about_any_upload_wakes_all_watches() -> None:
    async def watch() -> None:
        watches = Watches()

        async def one() -> None:
            with watches.watch(uuid4()) as watch:
                await watch.wait(FOREVER)

        tasks = [asyncio.create_task(one()) for _ in range(3)]
        await asyncio.sleep(0)
        watches.receive(ANY)
        await asyncio.wait_for(asyncio.gather(*tasks), 5)

    asyncio.run(watch())


def test_a_notification_contains_the_upload_ids_unless_they_are_too_many(redis: Redis) -> None:
    heard: list[bytes] = []
    subscription = Subscription(redis, PROJECTED, heard.append)
    until(lambda: heard == [ANY], "it is told that it may have missed something")
    notifier = RedisNotifier(redis, PROJECTED)
    few, many = {uuid4() for _ in range(3)}, [uuid4() for _ in range(MOST + 1)]

    notifier.notify(few)
    until(lambda: len(heard) == 2, "it is not heard")
    notifier.notify(many)
    until(lambda: len(heard) == 3, "it is not heard")

    assert set(ids_of(heard[1])) == few
    assert heard[2] == ANY
    notifier.close()
    subscription.close()


def test_the_projector_names_the_rows_that_it_changed_and_only_after_its_commit(
    uploads: Uploads,
    event_log: EventLog,
    pool: Any,  # noqa: ANN401 - the driver's
) -> None:
    ids = {submit(uploads).id for _ in range(3)}
    seen: list[tuple[set[UUID], int]] = []

    def note(changed: Any) -> None:  # noqa: ANN401 - a collection of ids
        with pool.connection() as connection:
            seen.append((set(changed), connection.execute("SELECT count(*) FROM uploads").fetchone()[0]))

    projector(event_log, pool, note).catch_up()

    assert seen == [(ids, 3)]
