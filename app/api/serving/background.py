"""Background tasks of the API process: the subscription to upload changes, and the shutdown signal."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio import to_thread
from redis import Redis

from projections.log.notifications import PROJECTED, Subscription
from projections.queries.watches import Watches


@asynccontextmanager
async def listening(watches: Watches, redis: Redis, stopping: asyncio.Event) -> AsyncIterator[None]:
    """Let the watches hear of every step of an upload, and of our stop."""
    loop = asyncio.get_running_loop()
    closing = asyncio.create_task(watches.close_at(stopping))
    subscription = Subscription(redis, PROJECTED, lambda message: loop.call_soon_threadsafe(watches.receive, message))
    try:
        yield
    finally:
        closing.cancel()
        await to_thread.run_sync(subscription.close)
