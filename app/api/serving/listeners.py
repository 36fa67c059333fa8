"""Lets no new connection in, while those that are there are still served.

Granian stops listening and ends idle connections at the same moment. One that has just been made is idle for it, and
its client's first request would be lost. So a filter of the kernel drops what asks for a new connection some time
before: the client's own kernel asks again a second later, and finds the next process, or none.
"""

import ctypes
import os
import socket
import struct
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Final, TypeVar

_T = TypeVar("_T")

DESCRIPTORS: Final = "/proc/self/fd"
_SO_ATTACH_FILTER: Final = 26
"""Of Linux's asm-generic/socket.h; Python does not name it."""
_TCP_INFO_BYTES: Final = 28
_WAITING: Final = struct.Struct("@I")
"""tcpi_unacked of Linux's struct tcp_info, at _WAITING_AT: of a listener, how many connections wait in its queue."""
_WAITING_AT: Final = 24
_INSTRUCTION: Final = struct.Struct("@HBBI")
"""sock_filter of Linux's linux/filter.h: code, jump if true, jump if false, value."""
_DROP_SYN: Final = (
    (0x30, 0, 0, 13),  # load the byte of the TCP header that holds the flags
    (0x45, 0, 1, 0x02),  # is SYN set? else skip the next one
    (0x06, 0, 0, 0),  # keep 0 bytes of it: drop it
    (0x06, 0, 0, 0xFFFF),  # keep it
)


def let_no_more_in(ports: Collection[int]) -> None:
    """Drop every request for a new connection to one of our `ports`. Those that were made are still accepted."""
    code = b"".join(_INSTRUCTION.pack(*instruction) for instruction in _DROP_SYN)
    kept = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("@HP", len(_DROP_SYN), ctypes.addressof(kept))
    _of_each(ports, lambda listener: listener.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program))


def some_wait(ports: Collection[int]) -> bool:
    """Whether a connection to one of our `ports` was made that the server has not accepted yet."""
    infos = _of_each(ports, lambda one: one.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_BYTES))
    return any(_WAITING.unpack_from(info, _WAITING_AT)[0] for info in infos)


def _of_each(ports: Collection[int], asked: Callable[[socket.socket], _T]) -> list[_T]:
    """What is found by asking each of our listeners; one that fails is left out."""
    found = []
    for name in os.listdir(DESCRIPTORS):  # noqa: PTH208 - names alone, of thousands
        with suppress(OSError), borrowed(int(name)) as one:  # it may be no socket, or closed meanwhile
            if one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) and one.getsockname()[1] in ports:
                found.append(asked(one))
    return found


class borrowed:  # noqa: N801 - reads as a function
    """The socket behind a descriptor of another owner, which stays open."""

    def __init__(self, descriptor: int) -> None:
        self._socket = socket.socket(fileno=descriptor)

    def __enter__(self) -> socket.socket:
        return self._socket

    def __exit__(self, *_: object) -> None:
        self._socket.detach()
