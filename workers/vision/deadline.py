"""An HTTP transport that bounds a whole answer, in time and in size.

The client's own timeout bounds each read only: a server that sends a byte now and then, or bytes without end, would
hold a worker for ever. Compressed answers are refused: a few of their bytes can become any number.
"""

import time
from collections.abc import Iterator
from typing import cast

import httpx2

from workers.vision.bounded import exchange_until


class DeadlineTransport(httpx2.BaseTransport):
    """Ends answers that take longer than the timeout or are larger than the limit."""

    def __init__(self, inner: httpx2.BaseTransport, *, timeout_s: float, max_bytes: int) -> None:
        self._inner = inner
        self._timeout_s = timeout_s
        self._max_bytes = max_bytes

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """The answer, whose body is watched while it is read."""
        deadline = time.monotonic() + self._timeout_s
        request.headers["Accept-Encoding"] = "identity"
        with exchange_until(deadline):
            response = self._inner.handle_request(request)
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            response.close()
            raise httpx2.ReadError("the answer is compressed", request=request)
        body = cast(httpx2.SyncByteStream, response.stream)
        response.stream = _Watched(body, request, deadline, self._max_bytes)
        return response

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()


class _Watched(httpx2.SyncByteStream):
    def __init__(self, body: httpx2.SyncByteStream, request: httpx2.Request, deadline: float, max_bytes: int) -> None:
        self._body = body
        self._request = request
        self._deadline = deadline
        self._left = max_bytes

    def __iter__(self) -> Iterator[bytes]:
        chunks = iter(self._body)
        while chunk := self._next(chunks):
            self._left -= len(chunk)
            if self._left < 0:
                raise httpx2.ReadError("the answer is too large", request=self._request)
            if time.monotonic() > self._deadline:
                raise httpx2.ReadTimeout("the answer takes too long", request=self._request)
            yield chunk

    def _next(self, chunks: Iterator[bytes]) -> bytes:
        """The next chunk; b"" at the end."""
        with exchange_until(self._deadline):
            return next(filter(None, chunks), b"")

    def close(self) -> None:
        self._body.close()
