"""A worker that waits for a run is woken for it. In these tests it would else look again after an hour."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from threading import Event
from uuid import UUID

import pytest
from redis import Redis

from tests.waiting import until
from workers.queue import actors
from workers.queue import broker as brokers
from workers.queue.actors import DramatiqQueue, run_worker, start_taking, stop_taking
from workers.queue.broker import run_broker

HOUR = 3600.0


@pytest.fixture(autouse=True)
def _seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brokers, "WOKEN_POLL_SECONDS", HOUR)
    monkeypatch.setattr(brokers, "DELAYED_POLL_SECONDS", HOUR)


@contextmanager
def taking(redis: Redis, run: Callable[[UUID], None], threads: int) -> Iterator[None]:
    """A worker that has looked into the queue, found nothing, and waits."""
    broker = run_broker(redis)
    worker = run_worker(broker, run, threads)
    start_taking(worker)
    subscribed = b"darkroom:queued"
    until(lambda: dict(redis.pubsub_numsub(subscribed))[subscribed] == 1, "the worker does not listen")
    yield
    stop_taking(worker)
    assert not any(consumer.is_alive() for consumer in worker.consumers.values())
    worker.stop()


def test_a_run_that_is_sent_wakes_the_worker(redis: Redis) -> None:
    runs: list[UUID] = []
    with taking(redis, runs.append, 2):
        for count in (1, 2):
            DramatiqQueue(run_broker(redis)).send(UUID(int=count))
            until(partial(has_run, runs, count), "it is not run")


def has_run(runs: list[UUID], count: int) -> bool:
    return len(runs) == count


def test_a_worker_that_is_full_takes_the_next_run_when_one_has_ended(redis: Redis) -> None:
    runs: list[UUID] = []
    may_end = Event()

    def run(upload_id: UUID) -> None:
        runs.append(upload_id)
        may_end.wait(60)

    with taking(redis, run, 1):
        for number in (7, 8):
            DramatiqQueue(run_broker(redis)).send(UUID(int=number))
        until(lambda: len(runs) == 1, "the first is not run")
        may_end.set()
        until(lambda: len(runs) == 2, "the second is not run")


def test_a_run_whose_notification_is_lost_is_found_at_the_next_look(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(brokers, "WOKEN_POLL_SECONDS", 0.05)
    runs: list[UUID] = []
    with taking(redis, runs.append, 2):
        monkeypatch.setattr(actors, "QUEUED", "darkroom:nowhere")
        DramatiqQueue(run_broker(redis)).send(UUID(int=7))
        until(lambda: runs == [UUID(int=7)], "it is not run")
