"""Opens a Redis client with time limits, and checks that Redis keeps queued messages."""

from contextlib import ExitStack
from typing import Final

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from domain.errors import QueueUnavailableError

CONNECT_SECONDS: Final = 1.0
COMMAND_SECONDS: Final = 2.0
"""How long one command may take. After it, Redis counts as unavailable."""
WRITABLE_KEY: Final = "darkroom:writable"


def open_redis(url: str, stack: ExitStack, seconds: float = COMMAND_SECONDS) -> Redis:
    """A client that does not retry by itself, because each caller handles an unavailable Redis in its own way."""
    connecting = min(seconds, CONNECT_SECONDS)
    redis = Redis.from_url(url, socket_connect_timeout=connecting, socket_timeout=seconds, retry=Retry(NoBackoff(), 0))
    stack.callback(redis.close)
    return redis


def check_redis(redis: Redis) -> None:
    """Raise QueueUnavailableError unless Redis answers, evicts nothing and can be written to."""
    try:
        policy = redis.info("memory")["maxmemory_policy"]
        # With its memory or its disk full, Redis still answers every question and refuses every write.
        redis.set(WRITABLE_KEY, b"1", ex=60)
    except RedisError as error:
        raise QueueUnavailableError from error
    if policy != "noeviction":
        raise QueueUnavailableError(f"Redis may evict queued runs: its maxmemory-policy is {policy}, not noeviction.")
