"""Serves the API with granian, in this process: it has no child that could outlive it.

It knows nothing of what it serves.
"""

import asyncio
import errno
import signal
import socket
from collections.abc import Callable
from typing import Any, Final

import structlog
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.embed import Server

from domain.errors import DarkroomError

STOP_SECONDS: Final = 10.0
"""What is under way at the stop may take this long; slow uploads are cut off then."""
CONNECTIONS: Final = 8192
"""More wait in the kernel. An idle or slow one costs memory alone, so there may be many."""
BACKLOG: Final = 2048
HEADERS_MILLISECONDS: Final = 10_000

log = structlog.get_logger(__name__)


class ServerError(DarkroomError):
    """The API cannot be served."""


def serve(create_app: Callable[[], Any], host: str, port: int, *, stop_seconds: float = STOP_SECONDS) -> None:
    """Serve until SIGTERM or SIGINT. Raises ServerError with the reason if that cannot be."""
    address = _free_address(host, port)
    server = Server(
        create_app,
        factory=True,
        address=address,
        port=port,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=HEADERS_MILLISECONDS),
        websockets=False,
        backlog=BACKLOG,
        backpressure=CONNECTIONS,
        log_level=LogLevels.error,
        log_dictconfig={"loggers": {"_granian": {"propagate": True}}, "handlers": {}, "formatters": {}},
    )
    server.on_startup(lambda: log.info("api.listening", url=f"http://{_printed(address)}:{port}"))
    asyncio.run(_run(server, stop_seconds))


async def _run(server: Server, stop_seconds: float) -> None:
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    serving = asyncio.create_task(server.serve())
    stop = asyncio.create_task(stopping.wait())
    await asyncio.wait({serving, stop}, return_when=asyncio.FIRST_COMPLETED)
    if serving.done():
        stop.cancel()
        await serving
        raise ServerError("The API ended by itself; the lines above say why.")
    log.info("api.stopping")
    server.stop()  # type: ignore[no-untyped-call] # granian's own lack
    await asyncio.wait({serving}, timeout=stop_seconds)
    serving.cancel()


def _free_address(host: str, port: int) -> str:
    """The host's address. Granian shares a port with whoever has it already, unless somebody looks first."""
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
    except OSError as error:
        raise ServerError(_sentence(error, host, port)) from error
    return str(place[0])


def _sentence(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is taken by another program. Stop that one, or choose another port."
    return f"The API cannot listen on {host}, port {port}: {error.strerror}."


def _printed(address: str) -> str:
    return f"[{address}]" if ":" in address else address
