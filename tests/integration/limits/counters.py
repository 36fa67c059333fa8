"""A process that asks for limits in Redis as fast as it can, for tests of what several of them are given together.

Its arguments: REDIS_URL KIND REQUESTS, and the settings as name=value. It says "ready", waits for a line, and prints
how many requests were answered.
"""

import asyncio
import sys
from contextlib import ExitStack
from typing import Any

from app.limits.errors import TooManyRequestsError
from app.limits.limits import Limits
from app.limits.shared import SharedCounts
from app.settings.environment import Settings
from projections.log.redis_connection import open_redis

ADDRESS = "192.0.2.1"
SESSION = "a session's hash"
ANSWER_SECONDS = 30
"""Within the service's 0.4 s a busy machine does not answer, and each process would count by itself meanwhile."""


async def ask(limits: Limits, kind: str) -> None:
    """Ask once."""
    if kind == "uploads":
        await limits.count_upload(ADDRESS, SESSION)
    elif kind == "polls":
        await limits.polls.spend(ADDRESS, SESSION)
    else:
        await limits.failed_tokens.spend(ADDRESS)


async def count(limits: Limits, kind: str, requests: int) -> int:
    """How many of the requests were answered, eight at a time."""
    answered = 0
    left = iter(range(requests))

    async def client() -> None:
        nonlocal answered
        for _ in left:
            try:
                await ask(limits, kind)
            except TooManyRequestsError:
                await asyncio.sleep(0.002)
            else:
                answered += 1
                await asyncio.sleep(0)

    await asyncio.gather(*(client() for _ in range(8)))
    return answered


def main(redis_url: str, kind: str, requests: str, *settings: str) -> None:
    """Ask, and print how often there was an answer."""
    values: dict[str, Any] = {name: int(value) for name, _, value in (setting.partition("=") for setting in settings)}
    with ExitStack() as stack:
        shared = SharedCounts(open_redis(redis_url, stack, ANSWER_SECONDS), "a key of the tests that is long enough")
        stack.callback(shared.close)
        limits = Limits(Settings(redis_url=redis_url, **values), shared)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()  # all processes begin together, however long each took to start
        sys.stdout.write(f"{asyncio.run(count(limits, kind, int(requests)))}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
