"""Real servers for tests: PostgreSQL and Valkey below a folder that goes away afterwards; ports for others."""

import random
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from app.embedded.postgres import EmbeddedPostgres
from app.embedded.valkey import EmbeddedValkey


@contextmanager
def open_folder() -> Iterator[Path]:
    """A short folder that the account of PostgreSQL may pass through; pytest's own is closed to it as root."""
    folder = Path(tempfile.mkdtemp(prefix="dk-"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def running_postgres() -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL of one's own with an empty database; about a second."""
    with open_folder() as folder, EmbeddedPostgres(folder) as postgres:
        yield postgres


@contextmanager
def running_valkey() -> Iterator[EmbeddedValkey]:
    """A Valkey of one's own."""
    with open_folder() as folder, EmbeddedValkey(folder) as valkey:
        yield valkey


def free_port() -> int:
    """A port without a listener; the kernel does not give these to outgoing connections."""
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """So many of them."""
    found: list[int] = []
    for port in random.sample(range(20_000, 32_000), 100):
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            found.append(port)
        if len(found) == count:
            return found
    raise AssertionError("There are no free ports.")
