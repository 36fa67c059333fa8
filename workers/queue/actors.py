"""The queue of runs: Dramatiq on Redis. A message carries an upload's id and nothing else.

Nothing is trusted to it: the log knows which runs are due, and the reconciler sends again what gets lost. So there are
no retries here, and a message is acknowledged whatever became of its run.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Final, cast
from uuid import UUID

import dramatiq
import structlog
from redis.exceptions import RedisError

from domain.errors import QueueUnavailableError, UnavailableError
from workers.confinement.image_slots import ImageSlots
from workers.queue.broker import QUEUED, RunBroker
from workers.queue.lanes import BEHIND, FIRST, lane_of, threads_of_lanes

ACTORS: Final = {FIRST: "run_upload", BEHIND: "run_upload_behind"}
"""By their queue."""
IDLE_POLL_MS: Final = 100
"""How often it asks while nothing wakes it. With Dramatiq's default of 1000 every upload waited noticeably."""
SENDING_SECONDS: Final = 2.5
"""How long one transaction may send messages. The last one may take 2 s more, and after 5 s PostgreSQL ends an idle
transaction as frozen: its lock or position would be lost and all messages sent again."""
THREAD_SECONDS: Final = 0.5
"""How often an idle thread looks whether it should stop."""
LAST_LOOK_SECONDS: Final = 2.0
"""For a worker that stops to come back from its last look into the queue."""

log = structlog.get_logger(__name__)


class DramatiqQueue:
    """Sends runs to the workers."""

    def __init__(self, broker: RunBroker) -> None:
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
    cast("RunBroker", worker.broker).listen()
    worker.start()
    for thread in worker.workers:
        thread.timeout = THREAD_SECONDS


def stop_taking(worker: dramatiq.Worker) -> None:
    """Take no further message from the queue, so that what is sent now goes to another worker."""
    for consumer in worker.consumers.values():
        consumer.stop()
    cast("RunBroker", worker.broker).stop_listening()
    for consumer in worker.consumers.values():
        consumer.join(LAST_LOOK_SECONDS)


def run_worker(broker: RunBroker, run: Callable[[UUID], None], threads: int, lane: str = FIRST) -> dramatiq.Worker:
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
    broker: RunBroker, run: Callable[[UUID], None], slots: ImageSlots, threads: int
) -> list[dramatiq.Worker]:
    """A worker for each lane, not yet started. Together they do no more runs at a time than the pipeline lets in."""
    return [
        run_worker(broker, slots.in_lane(run, behind=lane == BEHIND), share, lane)
        for lane, share in threads_of_lanes(threads).items()
    ]
