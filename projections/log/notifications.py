"""Notifications over Redis, sent after the commit: the log has new events, or rows of uploads have changed.

The first wakes the readers of the log, the second the clients that watch an upload (projections/queries/watches.py).
A lost notification costs a poll interval, never an event, because every receiver also polls. No sender waits for Redis.
A message contains the names of the appended events or the ids of the changed uploads; an empty one means any.
"""

import contextlib
from collections.abc import Callable, Collection, Iterable, Iterator
from copy import copy
from threading import Event, Lock, Thread
from typing import Final, Self
from uuid import UUID

from redis import Redis
from redis.client import PubSub
from redis.connection import ConnectionInterface
from redis.exceptions import ConnectionError as ConnectionLostError
from redis.exceptions import RedisError

APPENDED: Final = "darkroom:appended"
PROJECTED: Final = "darkroom:projected"
PAUSE_SECONDS: Final = 0.5
"""Wait after a failed publish or subscription, and how often a thread checks whether to stop."""
ANY: Final = b""
MOST: Final = 1000
"""For more ids than this, the message means any upload. This bounds its size while the projector catches up."""
ID_BYTES: Final = 16

OnMessage = Callable[[bytes], object]
"""Called with every message, in the thread of the subscription."""


class RedisNotifier:
    """Publishes notifications from a thread of its own; those that wait together become one message."""

    def __init__(self, redis: Redis, channel: str = APPENDED) -> None:
        self._redis = redis
        self._channel = channel
        self._changes: set[bytes] = set()
        self._any = False
        self._lock = Lock()
        self._notified = Event()
        self._closed = Event()
        self._thread = Thread(target=self._publish, name="notifier", daemon=True)
        self._thread.start()

    def notify(self, changed: Iterable[UUID | str] = ()) -> None:
        """Publish the ids of changed uploads, or the names of appended events; any if none is given. Does not block."""
        changes = {change.bytes if isinstance(change, UUID) else f"{change} ".encode() for change in changed}
        with self._lock:
            self._changes |= changes
            if not changes or len(self._changes) > MOST:
                self._any = True
                self._changes.clear()
        self._notified.set()

    def close(self) -> None:
        """Stop; a notification that is not published by now is lost."""
        self._closed.set()
        self._notified.set()
        self._thread.join(PAUSE_SECONDS)

    def _publish(self) -> None:
        # A connection of its own: a client's `publish` takes one of the pool and gives it back, at twice the cost.
        connection = self._redis.connection_pool.make_connection()
        while self._notified.wait() and not self._closed.is_set():
            self._notified.clear()
            message = self._message()
            try:
                try:
                    self._send(connection, message)
                except ConnectionLostError:  # Redis was started again since the last message
                    self._send(connection, message)
            except RedisError:
                self._closed.wait(PAUSE_SECONDS)
        connection.disconnect()  # type: ignore[no-untyped-call] # untyped in redis-py

    def _send(self, connection: ConnectionInterface, message: bytes) -> None:
        connection.send_command("PUBLISH", self._channel, message)  # type: ignore[no-untyped-call] # untyped in redis-py
        connection.read_response()

    def _message(self) -> bytes:
        with self._lock:
            message = ANY if self._any else b"".join(self._changes)
            self._changes.clear()
            self._any = False
        return message


def ids_of(message: bytes) -> Iterator[UUID]:
    """The upload ids in a message; none if it means any upload."""
    return (UUID(bytes=message[at : at + ID_BYTES]) for at in range(0, len(message), ID_BYTES))


class Subscription:
    """Receives the messages of a channel in a thread of its own; subscribes again when Redis is back."""

    def __init__(self, redis: Redis, channel: str, on_message: OnMessage) -> None:
        self._redis = redis
        self._channel = channel
        self._on_message = on_message
        self._closed = Event()
        self._thread = Thread(target=self._subscribe, name="wakeups", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop; call this before the client is closed."""
        self._closed.set()
        self._thread.join()

    def _subscribe(self) -> None:
        while not self._closed.is_set():
            with (
                contextlib.suppress(RedisError),
                PubSub(self._redis.connection_pool, ignore_subscribe_messages=True) as channel,
            ):
                channel.subscribe(self._channel)
                self._on_message(ANY)  # messages sent before the subscription were lost
                self._listen(channel)
            self._closed.wait(PAUSE_SECONDS)

    def _listen(self, channel: PubSub) -> None:
        while not self._closed.is_set():
            message = channel.get_message(timeout=PAUSE_SECONDS)
            if message is not None:
                self._on_message(message["data"])


class Wakeups:
    """Receives notifications of new events and keeps one until the next wait."""

    def __init__(self, redis: Redis) -> None:
        self.notified = Event()
        self._all: list[tuple[Event, Collection[str] | None]] = [(self.notified, None)]
        self._subscription = Subscription(redis, APPENDED, self._notify_all)

    def beside(self, concerns: Collection[str] | None = None) -> Self:
        """The wakeups of another reader, from the same subscription: a process needs no more than one.

        `concerns` are the names of the only events that wake it.
        """
        other = copy(self)
        other.notified = Event()
        self._all.append((other.notified, concerns))
        return other

    def wait(self, seconds: float) -> bool:
        """Return at a notification, or after that many seconds; whether there was a notification."""
        notified = self.notified.wait(seconds)
        self.notified.clear()
        return notified

    def close(self) -> None:
        """Stop, for those beside too, and end a current wait; call this before the client is closed."""
        self._subscription.close()
        self.notified.set()

    def _notify_all(self, message: bytes) -> None:
        names = message.decode().split()
        for notified, concerns in self._all:
            if not names or concerns is None or not set(concerns).isdisjoint(names):
                notified.set()
