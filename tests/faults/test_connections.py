"""Thousands of connections of one address keep no other client out, and a head has its time and its size."""

import re
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import httpx
import pytest

from app.api.serving.connections import HEAD_SECONDS
from app.api.serving.server import HEAD_BYTES
from tests.integration.api.serve_for_tests import PER_ADDRESS
from tests.integration.api.serving import Server, running
from tests.waiting import BUSY_SECONDS, until

ATTACKER: Final = ("127.0.0.2", 0)
FEW: Final = 6
"""Requests of another client, at least."""
CROWD: Final = 8400
BEGUN: Final = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"


@pytest.fixture
def server(database_url: str, tmp_path: Path) -> Iterator[Server]:
    with running(database_url, tmp_path, body_seconds=60) as server:
        yield server


def connect(server: Server) -> socket.socket:
    """A connection of the attacker, who does not wait until it is accepted."""
    connection = socket.socket()
    connection.bind(ATTACKER)
    connection.setblocking(False)  # noqa: FBT003 - the library's
    connection.connect_ex(("127.0.0.1", server.port))
    return connection


@contextmanager
def crowd(server: Server, count: int, sent: bytes = b"") -> Iterator[list[socket.socket]]:
    """So many connections of the attacker, each of which sends that and no more."""
    with ExitStack() as stack:
        connections = []
        for number in range(count):
            connections.append(stack.enter_context(connect(server)))
            if number % 500 == 0:
                time.sleep(0.05)  # the kernel's queue of connections is shorter than the crowd
        if sent:
            for connection in connections:
                connection.setblocking(True)  # noqa: FBT003 - the library's
                connection.settimeout(BUSY_SECONDS)
                connection.sendall(sent)
        yield connections


def is_closed(connection: socket.socket) -> bool:
    connection.setblocking(False)  # noqa: FBT003 - the library's
    try:
        return connection.recv(4096) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def open_connections(server: Server) -> int:
    return len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))


def memory(server: Server) -> int:
    """In MB."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(re.findall(r"VmRSS:\s+([0-9]+) kB", status)[0]) // 1024


def test_an_address_that_holds_thousands_of_idle_connections_keeps_no_other_client_out(server: Server) -> None:
    answers: list[int] = []
    with crowd(server, CROWD):
        until(lambda: open_connections(server) > PER_ADDRESS // 2, "the crowd is not there", seconds=BUSY_SECONDS)
        ends = time.monotonic() + HEAD_SECONDS + 2
        while time.monotonic() < ends or len(answers) < FEW:
            with httpx.Client(timeout=BUSY_SECONDS) as client:  # a new connection each time
                answers.append(client.get(f"{server.url}/healthz").status_code)

    assert set(answers) == {200}


def test_an_address_holds_no_more_connections_than_it_may(server: Server) -> None:
    with crowd(server, PER_ADDRESS + 1000):
        until(lambda: open_connections(server) > PER_ADDRESS, "the crowd is not there", seconds=BUSY_SECONDS)
        until(lambda: open_connections(server) < PER_ADDRESS + 200, "all of them stay", seconds=BUSY_SECONDS)


@pytest.mark.parametrize("sent", [b"", b"G", BEGUN, BEGUN + b"X-Long: " + b"x" * 15_000])
def test_a_connection_without_a_whole_head_is_closed_in_time(server: Server, sent: bytes) -> None:
    with crowd(server, 1, sent) as (late,):
        until(lambda: is_closed(late), "it stays open", seconds=HEAD_SECONDS + BUSY_SECONDS)


def test_a_head_that_only_drips_is_closed_in_time_also_after_an_answer(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.settimeout(BUSY_SECONDS)
        connection.sendall(BEGUN + b"\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 200")
        with pytest.raises(OSError, match=r"reset|Broken pipe"):  # noqa: PT012 - each byte may be the one too many
            ends = time.monotonic() + HEAD_SECONDS + BUSY_SECONDS
            while time.monotonic() < ends:
                connection.sendall(b"G")
                time.sleep(0.2)


def test_an_idle_connection_is_kept_for_the_next_request(server: Server) -> None:
    kept = httpx.Limits(keepalive_expiry=60)
    with httpx.Client(base_url=server.url, timeout=BUSY_SECONDS, limits=kept) as client:
        peers = []
        for pause in (0, HEAD_SECONDS + 3):
            time.sleep(pause)
            answer = client.get("/healthz")
            peers.append(answer.extensions["network_stream"].get_extra_info("client_addr"))

    assert peers[0] == peers[1]


def test_a_request_that_is_under_way_for_longer_than_a_head_may_take_is_not_late(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.settimeout(BUSY_SECONDS)
        connection.sendall(
            b"POST /api/uploads HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n"
            b"Content-Type: multipart/form-data; boundary=edge\r\n\r\n"
        )
        ends = time.monotonic() + HEAD_SECONDS + 3
        while time.monotonic() < ends:  # the server waits for this photo for a minute
            connection.sendall(b"-")
            time.sleep(0.2)
        connection.sendall(b"x" * 1000)
        assert b" 400 " in connection.recv(4096), "it is answered and not cut off"


def test_unfinished_heads_are_bounded_in_memory(server: Server) -> None:
    before = memory(server)
    count = 2000
    with crowd(server, count, BEGUN + b"X-Long: " + b"x" * 15_000):
        until(lambda: open_connections(server) > count, "the crowd is not there", seconds=BUSY_SECONDS)
        grown = memory(server) - before

    assert grown < 200 * count / 8000 + 20, f"{grown} MB more for {count} heads of 15 KB"


def test_a_head_that_is_too_long_is_answered_431(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.settimeout(BUSY_SECONDS)
        connection.sendall(BEGUN + b"X-Long: " + b"x" * HEAD_BYTES + b"\r\n\r\n")
        assert b" 431 " in connection.recv(4096)
