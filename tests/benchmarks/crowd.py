"""Holds connections to a server, in processes of their own: one may not have as many files as a crowd needs.

Run as `python -m tests.benchmarks.crowd PORT COUNT BYTES`: each connection sends a head of so many bytes that does not
end, or with 0 nothing. It says "held", and lets go at the end of its input.
"""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

HOSTILE: Final = "127.0.0.2"
"""The address of the crowd."""
EACH: Final = 5_000
"""Connections of one process."""
BEGUN: Final = b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: "
PAUSE_SECONDS: Final = 0.05
SEND_SECONDS: Final = 5.0
REPOSITORY: Final = Path(__file__).parents[2]


@contextmanager
def crowd(port: int, count: int, sent: int = 0) -> Iterator[None]:
    """So many connections of the hostile address."""
    with ExitStack() as stack:
        parts = [min(EACH, count - begin) for begin in range(0, count, EACH)]
        holders = [stack.enter_context(_holder(port, part, sent)) for part in parts]
        for holder in holders:
            assert holder.stdout
            assert holder.stdout.readline() == "held\n"
        yield


@contextmanager
def _holder(port: int, count: int, sent: int) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.benchmarks.crowd", str(port), str(count), str(sent)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=REPOSITORY, stdin=pipe, stdout=pipe, text=True) as holder:
        try:
            yield holder
        finally:
            holder.communicate()


def main(port: int, count: int, sent: int) -> None:
    """Hold them."""
    with ExitStack() as stack:
        for number in range(count):
            connection = stack.enter_context(socket.socket())
            connection.bind((HOSTILE, 0))
            connection.setblocking(False)  # noqa: FBT003 - the library's
            connection.connect_ex(("127.0.0.1", port))
            if number % 500 == 0:
                time.sleep(PAUSE_SECONDS)  # the kernel's queue of connections is shorter than the crowd
            if sent:
                connection.settimeout(SEND_SECONDS)
                with suppress(OSError):  # one that is refused holds nothing
                    connection.sendall(BEGUN + b"y" * sent)
        sys.stdout.write("held\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
