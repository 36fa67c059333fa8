"""A message in the queue runs its upload once, and goes to no worker that stops."""

from threading import Event
from uuid import UUID, uuid4

import pytest
from redis import Redis

from domain.errors import QueueUnavailableError
from tests.integration.readers.reading import PATIENCE
from tests.waiting import until
from workers.confinement.image_slots import ImageSlots
from workers.queue.actors import DramatiqQueue, run_worker, run_workers, stop_taking
from workers.queue.broker import run_broker
from workers.queue.depth import queue_depth
from workers.queue.lanes import BEHIND, FIRST, LANES, MARK, put_behind, standing_behind


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


def test_a_run_that_stands_behind_gets_its_turn_while_the_first_lane_never_lets_up(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.confinement.image_slots.SHARE_SECONDS", 0.2)
    broker, slots, behind = run_broker(redis), ImageSlots(1), [uuid4() for _ in range(3)]
    queue, ended, done = DramatiqQueue(broker), [], Event()

    def run(upload_id: UUID) -> None:
        with slots.taken():
            if upload_id not in behind and not done.is_set():
                queue.send(uuid4())  # for each one that ends, another one comes
        ended.append(upload_id)

    for upload_id in behind:
        put_behind(redis, upload_id)
    workers = run_workers(broker, run, slots, 4)
    for _ in range(12):
        queue.send(uuid4())
    for worker in workers:
        worker.start()
    try:
        for upload_id in behind:
            queue.send(upload_id)
        until(lambda: set(behind) <= set(ended), "those behind get no turn")
    finally:
        done.set()
        for worker in workers:
            worker.stop()
    assert set(ended) - set(behind), "the first lane was idle"


def test_who_stands_behind_is_known_of_all_together_and_of_none_while_redis_is_away(redis: Redis) -> None:
    put_behind(redis, UUID(int=8))
    assert standing_behind(redis, [UUID(int=7), UUID(int=8)]) == {UUID(int=8)}
    with Redis.from_url("unix:///nonexistent", socket_timeout=1) as nowhere:
        assert standing_behind(nowhere, [UUID(int=8)]) == set()


def test_a_queue_that_is_away_says_so_at_once() -> None:
    with Redis.from_url("unix:///nonexistent", socket_timeout=1) as nowhere, pytest.raises(QueueUnavailableError):
        DramatiqQueue(run_broker(nowhere)).send(UUID(int=7))


def test_the_workers_of_both_lanes_begin_without_a_warning(redis: Redis, caplog: pytest.LogCaptureFixture) -> None:
    workers = run_workers(run_broker(redis), lambda _: None, ImageSlots(1), 4)
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.stop()

    assert (len(workers), caplog.messages) == (2, [])
