"""The broker of the queue of runs: Dramatiq's on Redis, with consumers that are woken by a notification.

A notification that is lost costs a poll interval.
"""

from functools import partial
from logging import LogRecord
from threading import Event
from typing import Final

import dramatiq
from dramatiq.brokers.redis import RedisBroker, _RedisConsumer
from dramatiq.common import dq_name
from redis import Redis

from projections.log.notifications import Subscription
from workers.queue.lanes import LANES

WOKEN_POLL_SECONDS: Final = 1.0
"""How often an idle worker asks that is woken for each run."""
DELAYED_POLL_SECONDS: Final = 3.0
"""Of a queue that we send nothing to. To look is a sign of life too, also of a worker that is full: see 15 s below."""

QUEUED: Final = "darkroom:queued"
"""The channel on which a run is told of, by its lane."""


class _Consumer(_RedisConsumer):
    """Looks into one queue. Dramatiq's own sleeps between two looks; this one can be woken."""

    def __init__(self, broker: "RunBroker", queue_name: str, prefetch: int, timeout: int) -> None:
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


class RunBroker(RedisBroker):
    """Wakes its consumers. Dramatiq has a second queue beside each, for messages with a delay: we send none."""

    def __init__(self, redis: Redis) -> None:
        # A dead worker's messages come back after 15 s, looked for at every command.
        super().__init__(  # type: ignore[no-untyped-call] # Dramatiq leaves this one untyped
            client=redis, middleware=[], heartbeat_timeout=15_000, maintenance_chance=100_000
        )
        self._woken = {name: Event() for lane in LANES for name in (lane, dq_name(lane))}
        self._subscription: Subscription | None = None

    @property
    def consumer_class(self) -> type[_Consumer]:
        """The consumers that can be woken."""
        return _Consumer

    def listen(self) -> None:
        """Be woken for each run that is sent, until `stop_listening`."""
        self._subscription = self._subscription or Subscription(self.client, QUEUED, self.wake)

    def stop_listening(self) -> None:
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


def run_broker(redis: Redis) -> RunBroker:
    """The broker of both lanes."""
    broker = RunBroker(redis)
    broker.logger.addFilter(_is_no_second_worker)
    for lane in LANES:
        broker.declare_queue(lane)
    return broker


def _is_no_second_worker(record: LogRecord) -> bool:
    """Dramatiq warns of two workers at one broker. Ours are meant: each consumes its own queue."""
    return "_WorkerMiddleware" not in record.getMessage()
