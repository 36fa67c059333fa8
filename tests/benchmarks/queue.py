"""Queue: from a submission to its first stage, with a worker that idles and with one that is busy.

Dispatcher and worker are processes, as in the service, with its eight threads; a run goes through all stages and makes
no picture, so what is measured is the way: log, notification, dispatcher, Redis, worker, log.
Idle: an upload is submitted when the one before it has ended. Busy: twenty a second, so that runs go on at once.
Times are the log's own.
"""

import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from multiprocessing.connection import Connection
from statistics import quantiles
from threading import Event, Thread
from typing import Final
from uuid import UUID

from redis import Redis

from domain.uploads import Uploads
from projections.log.event_log import EventLog
from projections.log.notifications import RedisNotifier, Wakeups
from projections.log.pools import open_pool
from tests.benchmarks.bench import Bench
from tests.benchmarks.contest import Case, Contender, Figures
from tests.benchmarks.lives import SESSION_HASH, go_through
from tests.submissions import submit
from workers.queue.actors import DramatiqQueue, run_worker, start_taking
from workers.queue.broker import run_broker
from workers.queue.dispatcher import dispatcher

THREADS: Final = 8
RATE: Final = 20
SELECT_WAYS: Final = """
SELECT extract(epoch FROM stage.recorded_at - submitted.recorded_at)::float * 1000
FROM event_log submitted JOIN event_log stage USING (upload_id)
WHERE upload_id = ANY(%s) AND submitted.version = 1 AND stage.version = 3
"""
SELECT_ENDED: Final = """
SELECT count(*) FROM event_log WHERE upload_id = ANY(%s) AND state ->> 'stage' = 'complete'
"""


@contextmanager
def cases(bench: Bench) -> Iterator[Sequence[Case]]:
    """An idle worker, a busy one."""
    with ExitStack() as stack:
        url = bench.database()
        for process in (_dispatch, _work):
            stack.enter_context(_running(process, url, bench.redis_url))
        service = _Service(url, bench.redis_url, stack)
        count = bench.sized(100, 4)
        service.alone(count)  # so that everybody has connected, and has prepared what it will be asked
        yield [
            Case(f"{name}, {count} uploads", (Contender("Darkroom", "ours", partial(measure, count)),))
            for name, measure in (("idle worker", service.alone), ("busy worker", service.together))
        ]


class _Service:
    """Submits, and looks in the log at what became of it."""

    def __init__(self, url: str, redis_url: str, stack: ExitStack) -> None:
        self._pool = stack.enter_context(open_pool(url, 2, "bench"))
        notifier = RedisNotifier(stack.enter_context(Redis.from_url(redis_url)))
        stack.callback(notifier.close)
        self._uploads = Uploads(EventLog(self._pool), notifier)

    def alone(self, count: int) -> Figures:
        """One after the other."""
        submitted = []
        for _ in range(count):
            submitted.append(self._submit())
            self._await(submitted[-1:])
        return self._figures(submitted)

    def together(self, count: int) -> Figures:
        """At the rate."""
        began = time.monotonic()
        submitted = []
        for number in range(count):
            time.sleep(max(began + number / RATE - time.monotonic(), 0))
            submitted.append(self._submit())
        self._await(submitted)
        return self._figures(submitted)

    def _submit(self) -> UUID:
        return submit(self._uploads, session_hash=SESSION_HASH).id

    def _await(self, submitted: list[UUID]) -> None:
        with self._pool.connection() as connection:
            while connection.execute(SELECT_ENDED, (submitted,)).fetchone() != (len(submitted),):
                time.sleep(0.01)

    def _figures(self, submitted: list[UUID]) -> Figures:
        with self._pool.connection() as connection:
            ways = [way for (way,) in connection.execute(SELECT_WAYS, (submitted,))]
        cuts = quantiles(ways, n=100)
        return {"p50 ms": cuts[49], "p99 ms": cuts[98]}


def _dispatch(url: str, redis: Redis, end: Connection) -> None:
    with open_pool(url, 4, "bench") as pool:
        stopping, wakeups = Event(), Wakeups(redis)
        follower = dispatcher(EventLog(pool), pool, DramatiqQueue(run_broker(redis)))
        thread = Thread(target=follower.run, args=(stopping, wakeups), daemon=True)
        thread.start()
        end.recv()
        stopping.set()
        wakeups.close()
        thread.join()


def _work(url: str, redis: Redis, end: Connection) -> None:
    with open_pool(url, THREADS, "bench") as pool:
        notifier = RedisNotifier(redis)
        uploads = Uploads(EventLog(pool), notifier)
        worker = run_worker(run_broker(redis), partial(go_through, uploads), THREADS)
        start_taking(worker)
        end.recv()
        worker.stop()
        notifier.close()


@contextmanager
def _running(target: Callable[[str, Redis, Connection], None], url: str, redis_url: str) -> Iterator[None]:
    context = multiprocessing.get_context("forkserver")
    ours, theirs = context.Pipe()
    process = context.Process(target=_with_redis, args=(target, url, redis_url, theirs), daemon=True)
    process.start()
    yield
    ours.send(None)
    process.join()


def _with_redis(target: Callable[[str, Redis, Connection], None], url: str, redis_url: str, end: Connection) -> None:
    with Redis.from_url(redis_url) as redis:
        target(url, redis, end)
