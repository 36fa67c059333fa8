"""Connections on which every wait ends at the deadline of the current request.

The client's own timeout bounds each read only: a header that comes byte by byte, or interim answers without end, would
hold a worker for ever. The deadline is the thread's, for an exchange has one thread.
"""

import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import httpcore2
import httpx2

_WRITE_BYTES: Final = 64 * 1024
"""So much is written under one timeout."""

_exchange = threading.local()


@contextmanager
def exchange_until(deadline: float) -> Iterator[None]:
    """In here this thread's connections wait for nothing beyond the deadline, by the monotonic clock."""
    before = getattr(_exchange, "deadline", None)
    _exchange.deadline = deadline
    try:
        yield
    finally:
        _exchange.deadline = before


def _left(timeout: float | None, late: type[httpcore2.TimeoutException]) -> float | None:
    deadline: float | None = getattr(_exchange, "deadline", None)
    if deadline is None:
        return timeout
    left = deadline - time.monotonic()
    if left <= 0:
        raise late("the answer takes too long")
    return left if timeout is None else min(timeout, left)


class BoundedTransport(httpx2.HTTPTransport):
    """The HTTP of the client's library over such connections."""

    def __init__(self) -> None:
        super().__init__()
        self._pool.close()
        self._pool = httpcore2.ConnectionPool(
            ssl_context=httpx2.create_ssl_context(),
            max_keepalive_connections=20,
            keepalive_expiry=5,
            network_backend=_Backend(),
        )


class _Backend(httpcore2.SyncBackend):
    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = None,  # noqa: ANN401 - the library's own type has no public name
    ) -> httpcore2.NetworkStream:
        left = _left(timeout, httpcore2.ConnectTimeout)
        return _Stream(super().connect_tcp(host, port, left, local_address, socket_options))


class _Stream(httpcore2.NetworkStream):
    def __init__(self, inner: httpcore2.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(timeout, httpcore2.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), _WRITE_BYTES):
            self._inner.write(buffer[start : start + _WRITE_BYTES], _left(timeout, httpcore2.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        left = _left(timeout, httpcore2.ConnectTimeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - the library's own signature
        return self._inner.get_extra_info(info)
