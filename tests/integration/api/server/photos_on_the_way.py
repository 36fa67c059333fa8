"""Photos on their way into the server: slow ones, large ones, in chunks."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from typing import Final

from tests.integration.api.service import JPEG
from tests.integration.api.serving import Server
from tests.linux_processes import open_files
from tests.waiting import until

HEAD: Final = (
    b"POST /api/uploads HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=edge\r\n"
    b"Content-Length: 100000\r\n\r\n--edge\r\n"
)


def spools(server: Server) -> int:
    """How many photos are on their way in: each has a file without a name."""
    return sum(name.endswith("(deleted)") for name in open_files(server.process.pid))


def slow_upload(server: Server) -> socket.socket:
    """A client that began to send a photo, and waits."""
    client = socket.create_connection(("127.0.0.1", server.port), timeout=60)
    client.sendall(HEAD)
    return client


def slow_uploads(server: Server, stack: ExitStack, count: int) -> list[socket.socket]:
    """So many slow clients, whose photos are all on their way in."""
    slow: list[socket.socket] = []
    while len(slow) < count:
        slow += [stack.enter_context(slow_upload(server)) for _ in range(10)]  # at most as many as there are slots
        until(partial(is_spooling, server, len(slow)), "a photo is not on its way in")
    return slow


def is_spooling(server: Server, photos: int) -> bool:
    """Whether so many are on their way in."""
    return spools(server) == photos


def frame(size: int) -> bytes:
    """A multipart body around a photo of that size."""
    head = b'--edge\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\n\r\n'
    return head + JPEG + bytes(size - len(JPEG)) + b"\r\n--edge--\r\n"


def chunks(body: bytes) -> Iterator[bytes]:
    """A body whose length is not declared."""
    for start_ in range(0, len(body), 2**17):
        yield body[start_ : start_ + 2**17]
