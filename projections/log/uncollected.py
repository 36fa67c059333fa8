"""Pauses the garbage collector while a page of the log is handled.

A page is many objects that live until its commit: the collector would look through all of them again and again, for a
third of the time of a page, and free none. They have no cycles, so they are freed without it.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """No collection until the end. A reader in another thread that ends first lets it begin earlier: no harm."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
