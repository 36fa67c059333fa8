"""Serves the API with granian, in this process: it has no child that could outlive it.

It knows nothing of what it serves.
"""

import asyncio
import gc
import resource
import signal
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Final

import structlog
import uvloop
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.embed import Server

from app.api.serving.connections import ConnectionGuard
from app.api.serving.cut import Cut
from app.settings.listening_address import ServerError, free_address
from app.settings.parsers import Network

STOP_SECONDS: Final = 10.0
"""What is under way at the stop may take this long; bodies that are still on their way are cut off then."""
LAST_SECONDS: Final = 5.0
"""How long answers to those that were cut off may take."""
CONNECTIONS: Final = 8192
"""More wait in the kernel. An idle or slow one costs memory alone, so there may be many."""
BACKLOG: Final = 2048
OWN_FILES: Final = 512
"""What the process may have open beside connections."""
HEAD_BYTES: Final = 16 * 1024
"""A longer head is answered 431. Each connection may hold so much of an unfinished one in memory."""
HEADERS_MILLISECONDS: Final = 65_000
"""How long a connection may stay idle between two requests; a head that has begun has less. More than the 60 s for
which load balancers keep an idle connection: else they would send on one that is just being closed."""
OBJECTS: Final = 20_000
"""So many more of them, and the collector looks for cycles. Python's own 700 are the polls of a moment, all in use."""

log = structlog.get_logger(__name__)


def serve(
    create_app: Callable[[asyncio.Event], Any],
    host: str,
    port: int,
    *,
    stop_seconds: float = STOP_SECONDS,
    per_address: int = 0,
    trusted: Sequence[Network] = (),
    operations_port: int | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT, which the app is told by an event. Raises ServerError if that cannot be.

    `per_address` bounds the connections of one client; 0 does not. Addresses in `trusted` may hold any number.
    With `operations_port` the same app listens on that port too.
    """
    address = free_address(host, port)
    if operations_port is not None:
        free_address(host, operations_port)
    ports = {port} if operations_port is None else {port, operations_port}
    _allow_files(CONNECTIONS * len(ports) + OWN_FILES)
    stopping, cut, guard = asyncio.Event(), Cut(), ConnectionGuard(ports, per_address, trusted)
    app = cache(lambda: guard.applied_to(cut.applied_to(create_app(stopping))))
    main = _server(app, address, port, Interfaces.ASGI)
    main.on_startup(_spare_the_collector)
    main.on_startup(guard.start)
    main.on_startup(lambda: log.info("api.listening", url=f"http://{_printed(address)}:{port}"))
    servers = [main]
    if operations_port is not None:
        # The same application: the first server begins and ends it.
        servers.append(_server(app, address, operations_port, Interfaces.ASGINL))
    uvloop.run(_run(servers, stopping, cut, guard, stop_seconds))


def _server(app: Callable[[], Any], address: str, port: int, interface: Interfaces) -> Server:
    return Server(
        app,
        factory=True,
        address=address,
        port=port,
        interface=interface,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=HEADERS_MILLISECONDS, max_buffer_size=HEAD_BYTES),
        websockets=False,
        backlog=BACKLOG,
        backpressure=CONNECTIONS,
        log_level=LogLevels.error,
        log_dictconfig={"loggers": {"_granian": {"propagate": True}}, "handlers": {}, "formatters": {}},
    )


def _spare_the_collector() -> None:
    """Let it look for cycles more seldom, and not among what was loaded by now, which stays."""
    gc.freeze()
    gc.set_threshold(OBJECTS)


def _allow_files(count: int) -> None:
    """Raise the soft limit, which is 1024 on most machines, as far as the hard one allows: a connection is a file."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count if hard == resource.RLIM_INFINITY else min(count, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


async def _all(servers: Sequence[Server]) -> None:
    await asyncio.gather(*(server.serve() for server in servers))


async def _run(
    servers: Sequence[Server], stopping: asyncio.Event, cut: Cut, guard: ConnectionGuard, stop_seconds: float
) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        # uvloop hears of a signal by a pipe of its own, which thousands of clients that go at that moment do not fill.
        loop.add_signal_handler(number, stopping.set)
    serving = asyncio.create_task(_all(servers))
    stop = asyncio.create_task(stopping.wait())
    await asyncio.wait({serving, stop}, return_when=asyncio.FIRST_COMPLETED)
    if serving.done():
        stop.cancel()
        await serving
        raise ServerError("The API ended by itself; the lines above say why.")
    log.info("api.stopping")
    await asyncio.to_thread(guard.let_the_last_in)
    for server in servers:
        server.stop()  # type: ignore[no-untyped-call] # granian's own lack
    await asyncio.wait({serving}, timeout=stop_seconds)
    cut.make()
    await asyncio.wait({serving}, timeout=LAST_SECONDS)


def _printed(address: str) -> str:
    return f"[{address}]" if ":" in address else address
