"""Wake-ups over Redis, after the commit: something was appended, or the rows of these uploads have changed.

The first wakes the readers of the log, the second the clients that watch an upload (projections/queries/watches.py).
A lost wake-up costs a poll interval, never an event: every listener polls as well. No sender waits for Redis. A message
holds the ids of the uploads that it is about, or nothing where it may be any upload.
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator
from threading import Event, Lock, Thread
from typing import Final
from uuid import UUID

from redis import Redis
from redis.client import PubSub
from redis.exceptions import RedisError

APPENDED: Final = "darkroom:appended"
PROJECTED: Final = "darkroom:projected"
PAUSE_SECONDS: Final = 0.5
"""After a publish or a subscription that failed, and between two looks at whether to stop."""
ANY: Final = b""
MOST: Final = 1000
"""More ids than that are not told one by one: a message stays short, whatever the projector catches up with."""
ID_BYTES: Final = 16

Hear = Callable[[bytes], object]
"""Is told of every message, in the thread that listens."""


class RedisNotifier:
    """Publishes notifications from a thread of its own; those that wait together become one message."""

    def __init__(self, redis: Redis, channel: str = APPENDED) -> None:
        self._redis = redis
        self._channel = channel
        self._ids: set[bytes] = set()
        self._any = False
        self._lock = Lock()
        self._notified = Event()
        self._closed = Event()
        self._thread = Thread(target=self._publish, name="notifier", daemon=True)
        self._thread.start()

    def notify(self, upload_ids: Iterable[UUID] = ()) -> None:
        """Tell that there is something new of these uploads, or of any; returns at once."""
        ids = {upload_id.bytes for upload_id in upload_ids}
        with self._lock:
            self._ids |= ids
            if not ids or len(self._ids) > MOST:
                self._any = True
                self._ids.clear()
        self._notified.set()

    def close(self) -> None:
        """Stop; a notification that is not published by now is lost."""
        self._closed.set()
        self._notified.set()
        self._thread.join(PAUSE_SECONDS)

    def _publish(self) -> None:
        while self._notified.wait() and not self._closed.is_set():
            self._notified.clear()
            try:
                self._redis.publish(self._channel, self._message())
            except RedisError:
                self._closed.wait(PAUSE_SECONDS)

    def _message(self) -> bytes:
        with self._lock:
            message = ANY if self._any else b"".join(self._ids)
            self._ids.clear()
            self._any = False
        return message


def ids_of(message: bytes) -> Iterator[UUID]:
    """The uploads that a message names; none if it is about any."""
    return (UUID(bytes=message[at : at + ID_BYTES]) for at in range(0, len(message), ID_BYTES))


class Subscription:
    """Receives the messages of a channel in a thread of its own; subscribes again when Redis is back."""

    def __init__(self, redis: Redis, channel: str, hear: Hear) -> None:
        self._redis = redis
        self._channel = channel
        self._hear = hear
        self._closed = Event()
        self._thread = Thread(target=self._subscribe, name="wakeups", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening; only then may the client be closed."""
        self._closed.set()
        self._thread.join()

    def _subscribe(self) -> None:
        while not self._closed.is_set():
            with (
                contextlib.suppress(RedisError),
                PubSub(self._redis.connection_pool, ignore_subscribe_messages=True) as channel,
            ):
                channel.subscribe(self._channel)
                self._hear(ANY)  # messages sent before the subscription were lost
                self._listen(channel)
            self._closed.wait(PAUSE_SECONDS)

    def _listen(self, channel: PubSub) -> None:
        while not self._closed.is_set():
            message = channel.get_message(timeout=PAUSE_SECONDS)
            if message is not None:
                self._hear(message["data"])


class Wakeups:
    """Hears that something was appended, and remembers it until somebody waits for it."""

    def __init__(self, redis: Redis) -> None:
        self._heard = Event()
        self._subscription = Subscription(redis, APPENDED, lambda _: self._heard.set())

    def wait(self, seconds: float) -> bool:
        """Return at a notification, or after that many seconds; whether there was a notification."""
        heard = self._heard.wait(seconds)
        self._heard.clear()
        return heard

    def close(self) -> None:
        """Stop listening, and wake whoever waits; only then may the client be closed."""
        self._subscription.close()
        self._heard.set()
