"""A message in the queue runs its upload once, and goes to no worker that stops."""

from uuid import UUID

import pytest
from redis import Redis

from domain.errors import QueueUnavailableError
from tests.integration.readers.reading import PATIENCE
from workers.queue.actors import DramatiqQueue, run_broker, run_worker, stop_taking
from workers.queue.depth import queue_depth
from workers.queue.lanes import BEHIND, FIRST, LANES, MARK, put_behind


def test_a_message_runs_its_upload_and_is_gone_whatever_became_of_it(redis: Redis) -> None:
    broker = run_broker(redis)
    runs: list[UUID] = []

    def run(upload_id: UUID) -> None:
        runs.append(upload_id)
        raise ZeroDivisionError

    worker = run_worker(broker, run, 2)
    worker.start()
    upload_id = UUID(int=7)
    DramatiqQueue(broker).send(upload_id)
    broker.join("runs", timeout=int(PATIENCE * 1000))
    worker.stop()

    assert runs == [upload_id]


def test_a_worker_that_stops_taking_leaves_what_is_sent_then_to_the_others(redis: Redis) -> None:
    broker = run_broker(redis)
    runs: list[UUID] = []
    worker = run_worker(broker, runs.append, 2)
    worker.start()
    DramatiqQueue(broker).send(UUID(int=7))
    broker.join("runs", timeout=int(PATIENCE * 1000))
    stop_taking(worker)
    DramatiqQueue(broker).send(UUID(int=8))
    worker.stop()

    assert runs == [UUID(int=7)]
    assert queue_depth(redis).waiting == 1


def test_an_upload_of_a_client_that_sent_many_waits_in_a_queue_of_its_own(redis: Redis) -> None:
    broker = run_broker(redis)
    runs: dict[str, list[UUID]] = {FIRST: [], BEHIND: []}
    first, behind = (run_worker(broker, runs[lane].append, 2, lane) for lane in LANES)
    put_behind(redis, UUID(int=8))
    for number in (7, 8):
        DramatiqQueue(broker).send(UUID(int=number))

    assert queue_depth(redis).waiting == 2
    first.start()
    broker.join(FIRST, timeout=int(PATIENCE * 1000))
    assert runs == {FIRST: [UUID(int=7)], BEHIND: []}
    behind.start()
    broker.join(BEHIND, timeout=int(PATIENCE * 1000))
    for worker in (first, behind):
        worker.stop()
    assert runs[BEHIND] == [UUID(int=8)]


def test_a_mark_that_redis_forgets_or_cannot_take_lets_the_upload_run_with_the_others(redis: Redis) -> None:
    put_behind(redis, UUID(int=8))
    assert 0 < redis.ttl(f"{MARK}{UUID(int=8)}") <= 3600
    redis.flushall()
    DramatiqQueue(run_broker(redis)).send(UUID(int=8))
    assert redis.llen(f"dramatiq:{FIRST}") == 1
    with Redis.from_url("unix:///nonexistent", socket_timeout=1) as nowhere:
        put_behind(nowhere, UUID(int=8))


def test_a_queue_that_is_away_says_so_at_once() -> None:
    with Redis.from_url("unix:///nonexistent", socket_timeout=1) as nowhere, pytest.raises(QueueUnavailableError):
        DramatiqQueue(run_broker(nowhere)).send(UUID(int=7))
