"""What the service knows of its own listeners: who waits to be accepted, and that it can let no more in."""

import select
import socket
from collections.abc import Iterator

import pytest

from app.api.serving.listeners import let_no_more_in, some_wait


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as made:
        yield made


def port_of(listener: socket.socket) -> int:
    return int(listener.getsockname()[1])


def connected(listener: socket.socket) -> socket.socket:
    """A client that waits to be accepted. It may know that it is connected before its listener does."""
    client = socket.create_connection(listener.getsockname())
    assert select.select([listener], [], [], 30)[0]
    return client


def test_a_connection_waits_until_it_is_accepted(listener: socket.socket) -> None:
    ports = {port_of(listener)}
    assert not some_wait(ports)
    with connected(listener):
        assert some_wait(ports)
        assert not some_wait({1}), "that port is another's"
        listener.accept()[0].close()
        assert not some_wait(ports)


def test_who_has_connected_is_let_in_and_who_comes_later_is_not(listener: socket.socket) -> None:
    with connected(listener):
        let_no_more_in({port_of(listener)})
        with pytest.raises(TimeoutError):
            socket.create_connection(listener.getsockname(), timeout=0.3)
        assert some_wait({port_of(listener)})
        listener.accept()[0].close()
