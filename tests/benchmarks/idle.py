"""How long the API's server really waits for a silent client, and for an answer under way when it stops.

python -m tests.benchmarks.idle PORT MILLISECONDS SECONDS      serves an application that never answers /never
"""

import asyncio
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from app.api.serving import server
from tests.servers import free_port

ASK: Final = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
NEVER: Final = b"GET /never HTTP/1.1\r\nHost: x\r\n\r\n"
BYTES: Final = 65_536


@contextmanager
def serving(header_seconds: float, stop_seconds: float) -> Iterator[tuple[int, "subprocess.Popen[bytes]"]]:
    """The port of a server in a process of its own, and the process."""
    port = free_port()
    command = [sys.executable, "-m", __name__, str(port), str(round(header_seconds * 1000)), str(stop_seconds)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _connected(port).close()
            yield port, process
        finally:
            process.kill()


def idle_connection(port: int) -> float:
    """Seconds from an answer to the end of its connection."""
    with _connected(port) as client:
        client.sendall(ASK)
        assert client.recv(BYTES).startswith(b"HTTP/1.1 200")
        return _until_closed(client)


def unfinished_head(port: int) -> float:
    """Seconds from a head that does not end to the end of its connection."""
    with _connected(port) as client:
        client.sendall(ASK[:-2])
        return _until_closed(client)


def stop(port: int, process: "subprocess.Popen[bytes]") -> float:
    """Seconds from SIGTERM to the end of a process that answers a request for ever."""
    with _connected(port) as client:
        client.sendall(NEVER)
        time.sleep(0.5)  # it is under way
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.wait()
        return time.monotonic() - began


def _connected(port: int) -> socket.socket:
    deadline = time.monotonic() + 30
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), 300)
        except ConnectionRefusedError:
            assert time.monotonic() < deadline, "the server does not start"
            time.sleep(0.05)


def _until_closed(client: socket.socket) -> float:
    began = time.monotonic()
    while client.recv(BYTES):
        pass
    return time.monotonic() - began


async def _application(scope: Any, _: Any, send: Any) -> None:  # noqa: ANN401 - ASGI's
    if scope["type"] != "http":
        return
    if scope["path"] == "/never":
        await asyncio.Event().wait()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


if __name__ == "__main__":
    server.HEADERS_MILLISECONDS = int(sys.argv[2])  # type: ignore[misc] # Final, for everybody else
    server.serve(lambda _: _application, "127.0.0.1", int(sys.argv[1]), stop_seconds=float(sys.argv[3]))
