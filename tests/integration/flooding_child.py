"""Hostile code in the place of the picture's decoder: it starts as many threads as it can, each with a KB of memory.

The answer is a picture as wide as they are many.
"""

import ctypes
from typing import Final

from workers.imaging import child
from workers.imaging.jobs import Develop, Picture

LIBC = ctypes.CDLL(None)
LIBC.calloc.restype = ctypes.c_void_p
ENOUGH: Final = 5_000
STACK_BYTES: Final = 1024
THREAD: Final = 0x100 | 0x200 | 0x400 | 0x800 | 0x10000 | 0x40000
"""The flags of clone(2) for a thread: it shares memory, files and signals."""


def flood(_: Develop) -> Picture:
    """Start threads that wait for ever."""
    # Never freed: a thread may run for the first time when this function has ended long ago.
    lock, stacks = ctypes.c_void_p(LIBC.calloc(1, 64)), LIBC.calloc(ENOUGH + 1, STACK_BYTES)
    LIBC.pthread_mutex_lock(lock)
    wait = ctypes.cast(LIBC.pthread_mutex_lock, ctypes.c_void_p)
    started = 0
    while started < ENOUGH:
        stack = ctypes.c_void_p(stacks + STACK_BYTES * (started + 1))
        if LIBC.clone(wait, stack, THREAD, lock) < 0:
            break
        started += 1
    return Picture(b"\xff\xd8\xff", max(started, 1), 1, "JPEG")


if __name__ == "__main__":
    vars(child)["develop"] = flood  # as if the decoder had been taken over
    child.main()
