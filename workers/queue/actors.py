"""The queue of runs: Dramatiq on Redis. A message carries an upload's id and nothing else.

Nothing is trusted to it: the log knows which runs are due, and the reconciler sends again what gets lost. So there are
no retries here, and a message is acknowledged whatever became of its run.

An idle worker is woken by a notification. One that is lost costs a poll interval.
"""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from logging import LogRecord
from threading import Event
from typing import Final, cast
from uuid import UUID

import dramatiq
import structlog
from dramatiq.brokers.redis import RedisBroker, _RedisConsumer
from dramatiq.common import dq_name
from redis import Redis
from redis.exceptions import RedisError

from domain.errors import QueueUnavailableError, UnavailableError
from projections.log.notifications import Subscription
from workers.confinement.image_slots import ImageSlots
from workers.queue.lanes import BEHIND, FIRST, LANES, lane_of, threads_of_lanes

ACTORS: Final = {FIRST: "run_upload", BEHIND: "run_upload_behind"}
"""By their queue."""
WOKEN_POLL_SECONDS: Final = 1.0
"""How often an idle worker asks that is woken for each run."""
IDLE_POLL_MS: Final = 100
"""How often it asks while nothing wakes it. With Dramatiq's default of 1000 every upload waited noticeably."""
SENDING_SECONDS: Final = 2.5
"""How long one transaction may send messages. The last one may take 2 s more, and after 5 s PostgreSQL ends an idle
transaction as frozen: its lock or position would be lost and all messages sent again."""
DELAYED_POLL_SECONDS: Final = 3.0
"""Of a queue that we send nothing to. To look is a sign of life too, also of a worker that is full: see 15 s below."""
THREAD_SECONDS: Final = 0.5
"""How often an idle thread looks whether it should stop."""
LAST_LOOK_SECONDS: Final = 2.0
"""For a worker that stops to come back from its last look into the queue."""

QUEUED: Final = "darkroom:queued"
"""The channel on which a run is told of, by its lane."""

log = structlog.get_logger(__name__)


class _Consumer(_RedisConsumer):
    """Looks into one queue. Dramatiq's own sleeps between two looks; this one can be woken."""

    def __init__(self, broker: "_Broker", queue_name: str, prefetch: int, timeout: int) -> None:
        super().__init__(broker, queue_name, prefetch, timeout=0)  # type: ignore[no-untyped-call] # untyped in Dramatiq
        self._woken = broker.woken(queue_name)
        self._seconds = partial(broker.idle_seconds, queue_name, timeout / 1000)

    def __next__(self) -> dramatiq.MessageProxy | None:
        """The next message; None after a wait for one."""
        message: dramatiq.MessageProxy | None = super().__next__()  # type: ignore[no-untyped-call] # untyped in Dramatiq
        if message is None:
            self._woken.wait(self._seconds())
            self._woken.clear()
        return message

    def ack(self, message: dramatiq.MessageProxy) -> None:
        """A run has ended: one that had no room for another looks again."""
        was_full = self.outstanding_message_count >= self.prefetch
        super().ack(message)  # type: ignore[no-untyped-call] # untyped in Dramatiq
        if was_full:
            self._woken.set()


class _Broker(RedisBroker):
    """Dramatiq has a second queue beside each, for messages with a delay. We send none."""

    def __init__(self, redis: Redis) -> None:
        # A dead worker's messages come back after 15 s, looked for at every command.
        super().__init__(  # type: ignore[no-untyped-call] # Dramatiq leaves this one untyped
            client=redis, middleware=[], heartbeat_timeout=15_000, maintenance_chance=100_000
        )
        self._woken = {name: Event() for lane in LANES for name in (lane, dq_name(lane))}
        self._subscription: Subscription | None = None

    @property
    def consumer_class(self) -> type[_Consumer]:
        """Ours."""
        return _Consumer

    def listen(self) -> None:
        """Be woken for each run that is sent, until `deafen`."""
        self._subscription = self._subscription or Subscription(self.client, QUEUED, self.wake)

    def deafen(self) -> None:
        """Be woken no longer, and now for the last time."""
        subscription, self._subscription = self._subscription, None
        if subscription:
            subscription.close()
        self.wake()

    def wake(self, lane: bytes = b"") -> None:
        """Wake those that look into this queue; into any if none is said."""
        for name, woken in self._woken.items():
            if lane in {b"", name.encode()}:
                woken.set()

    def woken(self, queue_name: str) -> Event:
        """What wakes those that look into a queue."""
        return self._woken[queue_name]

    def idle_seconds(self, queue_name: str, seconds: float) -> float:
        """How long one waits that finds nothing in the queue."""
        if queue_name == dq_name(queue_name):
            return DELAYED_POLL_SECONDS
        return WOKEN_POLL_SECONDS if self._subscription else seconds


def run_broker(redis: Redis) -> RedisBroker:
    """The broker of both lanes."""
    broker = _Broker(redis)
    broker.logger.addFilter(_is_no_second_worker)
    for lane in LANES:
        broker.declare_queue(lane)
    return broker


def _is_no_second_worker(record: LogRecord) -> bool:
    """Dramatiq warns of two workers at one broker. Ours are meant: each consumes its own queue."""
    return "_WorkerMiddleware" not in record.getMessage()


class DramatiqQueue:
    """Sends runs to the workers."""

    def __init__(self, broker: RedisBroker) -> None:
        self._broker = broker

    def send(self, upload_id: UUID) -> None:
        """Ask for a run of the upload. Raises QueueUnavailableError."""
        try:
            lane = lane_of(self._broker.client, upload_id)
            message: dramatiq.Message[None] = dramatiq.Message(lane, ACTORS[lane], (str(upload_id),), {}, {})
            self._broker.enqueue(message)
            with suppress(RedisError):  # the message is there, and found a poll interval later
                self._broker.client.publish(QUEUED, lane)
        except (RedisError, dramatiq.BrokerError) as error:
            raise QueueUnavailableError from error


def start_taking(worker: dramatiq.Worker) -> None:
    """Start the threads. Those that run uploads are woken by a message, so they need not look so often themselves."""
    cast("_Broker", worker.broker).listen()
    worker.start()
    for thread in worker.workers:
        thread.timeout = THREAD_SECONDS


def stop_taking(worker: dramatiq.Worker) -> None:
    """Take no further message from the queue, so that what is sent now goes to another worker."""
    for consumer in worker.consumers.values():
        consumer.stop()
    cast("_Broker", worker.broker).deafen()
    for consumer in worker.consumers.values():
        consumer.join(LAST_LOOK_SECONDS)


def run_worker(broker: RedisBroker, run: Callable[[UUID], None], threads: int, lane: str = FIRST) -> dramatiq.Worker:
    """A worker, not yet started, whose threads run the uploads of a lane."""

    def run_upload(upload_id: str) -> None:
        try:
            run(UUID(upload_id))
        except UnavailableError as error:
            log.warning("run.left", upload_id=upload_id, reason=str(error))  # the reconciler finds it
        except Exception:  # the log has the run; the message must not come back
            log.exception("run.broken", upload_id=upload_id)

    broker.declare_actor(
        dramatiq.Actor(run_upload, broker=broker, actor_name=ACTORS[lane], queue_name=lane, priority=0, options={})
    )
    worker = dramatiq.Worker(broker, queues={lane}, worker_timeout=IDLE_POLL_MS, worker_threads=threads)
    worker.queue_prefetch = threads  # a busy worker takes no message that an idle one could run
    return worker


def run_workers(
    broker: RedisBroker, run: Callable[[UUID], None], slots: ImageSlots, threads: int
) -> list[dramatiq.Worker]:
    """A worker for each lane, not yet started. Together they do no more runs at a time than the pipeline lets in."""
    return [
        run_worker(broker, slots.in_lane(run, behind=lane == BEHIND), share, lane)
        for lane, share in threads_of_lanes(threads).items()
    ]
