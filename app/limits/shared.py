"""Counts in Redis, for all processes together.

One thread sends what waits in one round trip, so that no request has a thread or a connection of its own, and the event
loop none of the work. Redis is away from the first command that fails until it answers again; meanwhile nothing waits
for it.
"""

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from threading import Event, Lock, Thread
from typing import Any, Final, NamedTuple

from redis import Redis
from redis.exceptions import NoScriptError, RedisError

from app.limits.counts import SHARE, SLOTS, Call, Grant
from app.limits.policies import Standing
from app.limits.scripts import ENTER, LEAVE, TAKE
from projections.log.throttled import ThrottledWarning

PAUSE_SECONDS: Final = 1.0
"""Between two looks whether Redis is back."""
BATCH: Final = 500
"""The most scripts in one round trip."""
PREFIX: Final = "darkroom:limit:"
JOIN_SECONDS: Final = 2.0

unavailable = ThrottledWarning("limits.redis_away")


class Semaphore(NamedTuple):
    """Permits for so many of one client to wait at the same time."""

    name: str
    who: str
    most: int


class _Script(NamedTuple):
    text: str
    keys: Sequence[str]
    arguments: Sequence[object]
    answer: asyncio.Future[Any] | None


class SharedCounts:
    """Counts in Redis. Every answer is None while Redis is away."""

    def __init__(self, redis: Redis, secret_key: str) -> None:
        self._redis = redis
        self._key = blake2b(secret_key.encode(), digest_size=32).digest()
        self._waiting: deque[_Script] = deque()
        self._hashes: dict[str, str] = {}
        self._lock = Lock()
        self._sent = Event()
        self._closed = Event()
        self._away = False
        self._thread = Thread(target=self._run, name="limits", daemon=True)
        self._thread.start()

    async def take(self, call: Call) -> Grant | None:
        """Give what remains of every ask; a refused call does not count."""
        keys = [self._name(ask.policy.name, ask.who) for ask in call.asks]
        windows = [number for ask in call.asks for number in (ask.policy.quota, ask.policy.seconds * 1000 // SLOTS)]
        answer = await self._ask(TAKE, keys, [call.owed, call.ahead, SLOTS, SHARE, *windows])
        if answer is None:
            return None
        given, *rest = answer
        pairs = zip(call.asks, rest[::2], rest[1::2], strict=True)
        return Grant(given, [Standing(ask.policy, left, ms / 1000) for ask, left, ms in pairs])

    async def enter(self, semaphores: Sequence[Semaphore], permit: str, seconds: int) -> bool | None:
        """Take a permit of every semaphore, for so many seconds at most; False if one has none."""
        keys = [self._name(semaphore.name, semaphore.who) for semaphore in semaphores]
        answer = await self._ask(ENTER, keys, [permit, seconds, *(semaphore.most for semaphore in semaphores)])
        return None if answer is None else bool(answer)

    def leave(self, semaphores: Sequence[Semaphore], permit: str) -> None:
        """Give the permits back. Without an answer, they end by themselves."""
        if not self._away:
            keys = [self._name(semaphore.name, semaphore.who) for semaphore in semaphores]
            self._send(_Script(LEAVE, keys, [permit], None))

    def close(self) -> None:
        """Stop; call this before the client is closed."""
        self._closed.set()
        self._sent.set()
        self._thread.join(JOIN_SECONDS)

    def _name(self, name: str, who: str) -> str:
        # An address is personal data, and without our key it cannot be found by trying all.
        digest = blake2b(f"{name}:{who}".encode(), key=self._key, digest_size=16).hexdigest()
        return f"{PREFIX}{name}:{digest}"

    async def _ask(self, text: str, keys: Sequence[str], arguments: Sequence[object]) -> Any:  # noqa: ANN401 - a script's
        if self._away:
            return None
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._send(_Script(text, keys, arguments, answer))
        return await answer

    def _send(self, script: _Script) -> None:
        self._waiting.append(script)
        self._sent.set()

    def _run(self) -> None:
        while not self._closed.is_set():
            self._sent.wait()
            self._sent.clear()
            while batch := [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]:
                self._deliver(batch, self._answers(batch))
            if self._away:
                self._closed.wait(PAUSE_SECONDS)
                self._look_again()
        self._deliver(list(self._waiting), [])

    def _answers(self, batch: Sequence[_Script]) -> list[Any]:
        """One answer for each, or none at all; an answer may be an error."""
        if self._away:
            return []
        try:
            answers = self._execute(batch)
            if any(isinstance(answer, NoScriptError) for answer in answers):
                self._hashes.clear()
                answers = self._execute(batch)
        except RedisError as error:
            self._away = True
            self._sent.set()
            unavailable.warn(str(error))
            return []
        for answer in answers:
            if isinstance(answer, Exception):
                unavailable.warn(str(answer))
        return answers

    def _execute(self, batch: Sequence[_Script]) -> list[Any]:
        for text in {script.text for script in batch} - self._hashes.keys():
            self._hashes[text] = str(self._redis.script_load(text))
        with self._redis.pipeline(transaction=False) as pipeline:
            for script in batch:
                pipeline.evalsha(self._hashes[script.text], len(script.keys), *script.keys, *map(str, script.arguments))
            return pipeline.execute(raise_on_error=False)

    def _look_again(self) -> None:
        try:
            self._redis.ping()
        except RedisError:
            self._sent.set()
        else:
            self._away = False

    @staticmethod
    def _deliver(batch: Iterable[_Script], answers: list[Any]) -> None:
        told: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Any], Any]]] = {}
        for number, script in enumerate(batch):
            if script.answer is not None:
                answer = answers[number] if answers else None
                sent = None if isinstance(answer, Exception) else answer
                told.setdefault(script.answer.get_loop(), []).append((script.answer, sent))
        for loop, pairs in told.items():
            if not loop.is_closed():
                loop.call_soon_threadsafe(_tell, pairs)


def _tell(pairs: Iterable[tuple[asyncio.Future[Any], Any]]) -> None:
    for future, answer in pairs:
        if not future.done():  # the request may be cancelled
            future.set_result(answer)
