"""A follower of the log goes on after a loss, and two of one name share the work."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg

from domain.events import AttemptStarted
from domain.uploads import Uploads
from projections.log.event_log import EventLog, LoggedEvent
from projections.log.follower import Follower
from projections.log.notifications import Wakeups
from tests.integration.readers.reading import PATIENCE, Pool, Queue, following
from tests.submissions import submit
from tests.waiting import until
from workers.queue.dispatcher import dispatcher


def test_a_follower_goes_on_by_itself_when_its_dependency_comes_back(
    event_log: EventLog, pool: Pool, uploads: Uploads, queue: Queue, wakeups: Wakeups
) -> None:
    upload = submit(uploads)
    queue.away = True
    with following(dispatcher(event_log, pool, queue), wakeups):
        until(lambda: queue.refused > 0, "it asks for no run")
        queue.away = False
        until(lambda: len(queue.sent) > 0, "it does not go on")

    assert queue.sent == [upload.id]


def test_a_follower_survives_the_loss_of_its_connections(
    database_url: str, event_log: EventLog, pool: Pool, uploads: Uploads, queue: Queue, wakeups: Wakeups
) -> None:
    with following(dispatcher(event_log, pool, queue), wakeups):
        submit(uploads)
        until(lambda: len(queue.sent) == 1, "no run is sent")
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        submit(uploads)
        until(lambda: len(queue.sent) == 2, "it does not go on without its connections")


def test_two_followers_of_one_name_handle_each_event_once(event_log: EventLog, pool: Pool, uploads: Uploads) -> None:
    for _ in range(200):
        submit(uploads)
    handled: list[int] = []

    def handle(_: psycopg.Connection[Any], page: Sequence[LoggedEvent]) -> None:
        handled.extend(logged.position for logged in page)

    followers = [Follower("twins", event_log, pool, handle, page=7) for _ in range(2)]
    with ThreadPoolExecutor(2) as threads:
        for caught_up in [threads.submit(follower.catch_up) for follower in followers]:
            caught_up.result(PATIENCE)

    assert handled == list(range(1, 201))


def test_a_follower_moves_past_pages_that_do_not_concern_it(event_log: EventLog, pool: Pool, uploads: Uploads) -> None:
    for _ in range(5):
        uploads.start_attempt(uploads.get(submit(uploads).id), by="worker:w")
    handled: list[str] = []

    def handle(_: psycopg.Connection[Any], page: Sequence[LoggedEvent]) -> None:
        handled.extend(logged.name for logged in page)

    follower = Follower("attempts", event_log, pool, handle, page=1, concerns={AttemptStarted.NAME})
    follower.catch_up()

    assert handled == [AttemptStarted.NAME] * 5
    assert follower.position() == event_log.last_position() == 10
