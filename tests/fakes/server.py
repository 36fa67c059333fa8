"""The HTTP server of a fake: it listens while it is entered, notes its own mistakes, and lets callers go at its end."""

import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Final, Self

from tests.fakes.cutting import cut_off

POLL_SECONDS: Final = 0.05
LONGEST_WAIT: Final = 120.0
"""In seconds: how long an answer that never ends takes at most."""


class FakeServer:
    """The server of a fake that keeps a ledger."""

    def __init__(self, handler: "type[FakeHandler]", port: int = 0) -> None:
        self.turned_away: list[str] = []
        """What was wrong with each request that was no proper one."""
        self.closing = Event()
        self._server = _Server(self, handler, port)
        self._thread = Thread(target=self._server.serve_forever, args=(POLL_SECONDS,), daemon=True)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, fake: FakeServer, handler: "type[FakeHandler]", port: int) -> None:
        self.fake = fake
        super().__init__(("127.0.0.1", port), handler)

    def handle_error(self, *_: object) -> None:
        """Callers that give up or are killed are part of the tests; anything else is a mistake of the fake."""
        if not isinstance(sys.exception(), OSError):
            self.fake.turned_away.append(traceback.format_exc())


class FakeHandler(BaseHTTPRequestHandler):
    """One connection of a fake with a ledger."""

    protocol_version = "HTTP/1.1"
    server: _Server

    def hold(self) -> None:
        """Say nothing until the server closes."""
        self.server.fake.closing.wait(LONGEST_WAIT)
        self.close_connection = True

    def reset(self) -> None:
        """Cut the connection off."""
        cut_off(self)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the standard library has it
        """The ledger is the log."""


@contextmanager
def serving(handler: Callable[..., BaseHTTPRequestHandler]) -> Iterator[str]:
    """The URL of a server without a ledger, which answers by the handler."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, args=(POLL_SECONDS,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
