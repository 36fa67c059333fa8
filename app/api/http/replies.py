"""A reply as it goes out: its status, its headers and its bytes. An ASGI application that always says the same.

Polls are answered with it past the framework, whose own responses cost more than a poll does.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec
from litestar.types import Receive, Scope, Send
from msgspec import Struct

JSON: Final = b"application/json"
_encode: Final = msgspec.json.Encoder().encode


class Reply(Struct, frozen=True):
    """A whole reply; its headers as ASGI has them, their names in lower case."""

    status: int
    headers: Mapping[bytes, bytes]
    body: bytes = b""

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Send it."""
        await self.send(send, ())

    async def send(self, send: Send, more_headers: Iterable[tuple[bytes, bytes]]) -> None:
        """Send it with more headers."""
        headers = [*self.headers.items(), *more_headers]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": False})


def in_json(status: int, body: Any, headers: Mapping[bytes, bytes]) -> Reply:  # noqa: ANN401 - one of the bodies
    """A reply with a body of the contract."""
    content = _encode(body)
    return Reply(status, {b"content-type": JSON, b"content-length": b"%d" % len(content), **headers}, content)
