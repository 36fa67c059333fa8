"""Counts the messages in the queues of runs, by the keys that Dramatiq keeps in Redis. It only reads."""

from typing import Final, NamedTuple, cast

from redis import Redis
from redis.exceptions import RedisError

from domain.errors import QueueUnavailableError
from workers.queue.lanes import LANES

NAMESPACE: Final = "dramatiq"
"""The broker's own default; its keys are described at the top of Dramatiq's dispatch.lua."""


class QueueDepth(NamedTuple):
    """Messages that wait, that a worker has taken and not acknowledged, and that were given up."""

    waiting: int
    taken: int
    dead: int


def queue_depth(redis: Redis) -> QueueDepth:
    """The depth just now. Raises QueueUnavailableError."""
    try:
        with redis.pipeline() as pipeline:
            for queue in (f"{NAMESPACE}:{lane}" for lane in LANES):
                pipeline.llen(queue)
                pipeline.hlen(f"{queue}.msgs")
                pipeline.zcard(f"{queue}.XQ")
            told = cast("list[int]", pipeline.execute())
    except RedisError as error:
        raise QueueUnavailableError from error
    waiting, all_of_them, dead = (sum(told[first::3]) for first in range(3))
    return QueueDepth(waiting, max(all_of_them - waiting, 0), dead)
