"""Lets no new connection in, while those that are there are still served.

Granian stops listening and ends idle connections at the same moment. One that has just been made is idle for it, and
its client's first request would be lost. So a filter of the kernel drops what asks for a new connection some time
before: the client's own kernel asks again a second later, and finds the next process, or none.
"""

import ctypes
import os
import socket
import struct
from collections.abc import Collection
from contextlib import suppress
from typing import Final

DESCRIPTORS: Final = "/proc/self/fd"
_SO_ATTACH_FILTER: Final = 26
"""Of Linux's asm-generic/socket.h; Python does not name it."""
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
    for name in os.listdir(DESCRIPTORS):  # noqa: PTH208 - names alone, of thousands
        with suppress(OSError), borrowed(int(name)) as found:  # it may be no socket, or closed meanwhile
            if found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) and found.getsockname()[1] in ports:
                found.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)


class borrowed:  # noqa: N801 - reads as a function
    """The socket behind a descriptor of another owner, which stays open."""

    def __init__(self, descriptor: int) -> None:
        self._socket = socket.socket(fileno=descriptor)

    def __enter__(self) -> socket.socket:
        return self._socket

    def __exit__(self, *_: object) -> None:
        self._socket.detach()
