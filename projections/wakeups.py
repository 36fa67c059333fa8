"""Wake-ups for the readers of the log, over Redis, after the commit.

A lost one costs a poll interval, never an event: readers poll all the same, and nobody waits for Redis here.
"""

import contextlib
from threading import Event, Thread
from typing import Final

from redis import Redis
from redis.client import PubSub
from redis.exceptions import RedisError

CHANNEL: Final = "darkroom:appended"
PAUSE_SECONDS: Final = 0.5
"""After a publish or a subscription that failed, and between two looks at whether to stop."""


class RedisBell:
    """Rings the readers' bell from a thread of its own: many appends in a row become one message."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._rung = Event()
        self._closed = Event()
        self._thread = Thread(target=self._publish, name="bell", daemon=True)
        self._thread.start()

    def ring(self) -> None:
        """Tell the readers that there is something new; returns at once."""
        self._rung.set()

    def close(self) -> None:
        """Stop; a ring that is not published by now is lost."""
        self._closed.set()
        self._rung.set()
        self._thread.join(PAUSE_SECONDS)

    def _publish(self) -> None:
        while self._rung.wait() and not self._closed.is_set():
            self._rung.clear()
            try:
                self._redis.publish(CHANNEL, b"")
            except RedisError:
                self._closed.wait(PAUSE_SECONDS)


class Wakeups:
    """Hears the bell, in a thread of its own, and remembers a ring until somebody waits for it."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._heard = Event()
        self._closed = Event()
        self._thread = Thread(target=self._subscribe, name="wakeups", daemon=True)
        self._thread.start()

    def wait(self, seconds: float) -> bool:
        """Return at a ring, or after that long; whether there was a ring."""
        heard = self._heard.wait(seconds)
        self._heard.clear()
        return heard

    def close(self) -> None:
        """Stop listening, and wake whoever waits; only then may the client be closed."""
        self._closed.set()
        self._heard.set()
        self._thread.join()

    def _subscribe(self) -> None:
        while not self._closed.is_set():
            with (
                contextlib.suppress(RedisError),
                PubSub(self._redis.connection_pool, ignore_subscribe_messages=True) as channel,
            ):
                channel.subscribe(CHANNEL)
                self._heard.set()  # what was appended before the subscription rang unheard
                self._listen(channel)
            self._closed.wait(PAUSE_SECONDS)

    def _listen(self, channel: PubSub) -> None:
        while not self._closed.is_set():
            if channel.get_message(timeout=PAUSE_SECONDS) is not None:
                self._heard.set()
