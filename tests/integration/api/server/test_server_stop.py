"""The process stops within seconds and in good order, whatever is under way."""

import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from itertools import count
from typing import Final

import httpx
import pytest

from tests.integration.api.server.photos_on_the_way import slow_uploads
from tests.integration.api.serving import REPOSITORY, Server
from tests.servers import free_port
from tests.waiting import BUSY_SECONDS, until


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_within_seconds_and_in_good_order(server: Server, number: signal.Signals) -> None:
    began = time.monotonic()

    told = server.stop(number)

    assert server.process.returncode == 0
    assert time.monotonic() - began < 3 + BUSY_SECONDS
    assert "closed" in told
    assert "Traceback" not in told


def test_slow_uploads_do_not_keep_it_from_stopping(patient_server: Server) -> None:
    with ExitStack() as clients:
        slow = slow_uploads(patient_server, clients, 20)

        began = time.monotonic()
        told = patient_server.stop()

        assert time.monotonic() - began < 4 + BUSY_SECONDS
        for client in slow:
            assert client.recv(4096).startswith(b"HTTP/1.1 503 ")
    assert patient_server.process.returncode == 0
    assert "closed" in told
    assert "Traceback" not in told


def test_a_client_that_can_connect_is_answered(server: Server) -> None:
    with ExitStack() as stack:

        def connected() -> socket.socket:
            return stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=60))

        def is_answered(client: socket.socket) -> bool:
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            return client.recv(4096).startswith(b"HTTP/1.1 200 ")

        just_connected = [connected() for _ in range(50)]
        server.process.send_signal(signal.SIGTERM)
        assert all(map(is_answered, just_connected))
        with pytest.raises(ConnectionRefusedError):
            all(is_answered(connected()) for _ in count())
        assert server.process.wait(timeout=20) == 0


CROWDED: Final = """
import asyncio, os, signal, sys
from app.api.serving.server import serve

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        for _ in range(2):
            await send({"type": f"{(await receive())['type']}.complete"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"", "more_body": False})
    if scope["path"] == "/crowd":
        for _ in range(10_000):
            asyncio.get_running_loop().call_soon_threadsafe(int)
        os.kill(os.getpid(), signal.SIGTERM)

serve(lambda _: app, "127.0.0.1", int(sys.argv[1]), stop_seconds=2)
"""


def test_a_stop_is_heard_though_so_much_happens_at_that_moment_that_nothing_can_wake_the_loop_for_it() -> None:
    port = free_port()
    process = subprocess.Popen([sys.executable, "-c", CROWDED, str(port)], cwd=REPOSITORY, stderr=subprocess.PIPE)
    try:
        until(lambda: is_open(port), "it does not listen")
        assert httpx.get(f"http://127.0.0.1:{port}/crowd").status_code == 200
        assert b"Traceback" not in process.communicate(timeout=20)[1]
        assert process.returncode == 0
    finally:
        process.kill()
        process.communicate()


def is_open(port: int) -> bool:
    """Whether a process listens there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
