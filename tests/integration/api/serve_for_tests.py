"""Serves the API on real parts, as `darkroom serve` does, for tests that need a process.

Its arguments: DATABASE_URL FOLDER PORT BODY_SECONDS REDIS_URL RECHECK_SECONDS; the address of Redis may be empty.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from litestar import Litestar
from redis import Redis

from app.api.application import create_api
from app.api.serving.background import listening
from app.api.serving.server import serve
from app.api.status import holding
from app.logs import configure_logs
from app.settings.listening_address import ServerError
from domain.uploads import Uploads
from projections.log.event_log import EventLog
from projections.log.pools import async_pool, open_pool
from projections.queries.watches import Watches
from tests.api_services import api_services
from tests.fakes.silent_notifier import SilentNotifier

STOP_SECONDS = 2.0
PER_ADDRESS = 4096
POOL_SIZE = 4
"""Of each of its two pools."""


def create_app(
    database_url: str, folder: Path, body_seconds: float, redis_url: str, stopping: asyncio.Event
) -> Litestar:
    """The API."""
    watches = Watches()
    pool = open_pool(database_url, POOL_SIZE, "api")
    reading = async_pool(database_url, POOL_SIZE, "api")

    @asynccontextmanager
    async def connected(_: Litestar) -> AsyncIterator[None]:
        async with reading, AsyncExitStack() as stack:
            if redis_url:
                redis = stack.enter_context(Redis.from_url(redis_url, socket_timeout=2))
                await stack.enter_async_context(listening(watches, redis, stopping))
            yield
        pool.close()
        sys.stderr.write("closed\n")

    log = EventLog(pool)
    services = api_services(
        uploads=Uploads(log, SilentNotifier()),
        log=log,
        pool=pool,
        poll_pool=reading,
        folder=folder,
        body_seconds=body_seconds,
        watches=watches,
    )
    return create_api(services, [connected])


def main(database_url: str, folder: str, port: str, body_seconds: str, redis_url: str, recheck_seconds: str) -> None:
    """Serve until a signal."""
    configure_logs("json", "info")
    holding.RECHECK_SECONDS = float(recheck_seconds)  # type: ignore[misc] # Final, for the service
    try:
        serve(
            lambda stopping: create_app(database_url, Path(folder), float(body_seconds), redis_url, stopping),
            "127.0.0.1",
            int(port),
            stop_seconds=STOP_SECONDS,
            per_address=PER_ADDRESS,
        )
    except ServerError as error:
        sys.exit(error.message)


if __name__ == "__main__":
    main(*sys.argv[1:])
