"""A client of Redis whose every wait has a bound, and whether Redis can be trusted with a queue."""

from contextlib import ExitStack
from typing import Final

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from domain.errors import QueueUnavailableError

CONNECT_SECONDS: Final = 1.0
COMMAND_SECONDS: Final = 2.0
"""How long one command may take; beyond it Redis counts as away."""


def open_redis(url: str, stack: ExitStack) -> Redis:
    """A client without retries of its own: whoever calls has a better plan than to wait."""
    redis = Redis.from_url(
        url, socket_connect_timeout=CONNECT_SECONDS, socket_timeout=COMMAND_SECONDS, retry=Retry(NoBackoff(), 0)
    )
    stack.callback(redis.close)
    return redis


def check_redis(redis: Redis) -> None:
    """Raise QueueUnavailableError unless Redis answers and evicts nothing."""
    try:
        policy = redis.info("memory")["maxmemory_policy"]
    except RedisError as error:
        raise QueueUnavailableError from error
    if policy != "noeviction":
        raise QueueUnavailableError(f"Redis may evict queued runs: its maxmemory-policy is {policy}, not noeviction.")
