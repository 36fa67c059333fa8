"""A PostHog for tests: speaks the capture protocol of the real client and keeps a ledger of what it accepted.

It can be told to answer 503, to hang, or to lose its answers after it has taken the events. While it is closed its
port refuses every connection.
"""

import gzip
import json
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Event, Thread
from types import TracebackType
from typing import Any, Self


class Mood(Enum):
    """How it answers."""

    WELL = "200"
    AWAY = "503"
    HANGING = "no answer"
    FORGETFUL = "takes the events and resets the connection"


class FakePostHog:
    """A server on a port of its own; `events` is the ledger, in the order of arrival, repetitions included."""

    def __init__(self) -> None:
        self.mood = Mood.WELL
        self.events: list[dict[str, Any]] = []
        self.requests = 0
        self._changed = Condition()
        self._healed = Event()
        self._server = self._listen(0)

    @property
    def url(self) -> str:
        """Its POSTHOG_HOST."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def named(self, name: str) -> list[dict[str, Any]]:
        """What was accepted under that name, each once, as PostHog itself counts: by uuid."""
        return list({event["uuid"]: event for event in self.events if event["event"] == name}.values())

    def wait_for(self, events: int, seconds: float = 60) -> None:
        """Return once so many events were accepted. Raises TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.events) >= events, seconds):
                raise TimeoutError(f"{len(self.events)} events came, not {events}.")

    def close(self) -> None:
        """Refuse every connection."""
        self._healed.set()
        self._server.shutdown()
        self._server.server_close()

    def reopen(self) -> None:
        """Listen on the same port again."""
        self._healed = Event()
        self._server = self._listen(self._server.server_port)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close()

    def _listen(self, port: int) -> ThreadingHTTPServer:
        server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return server

    def _take(self, body: bytes, encoding: str | None) -> None:
        batch = json.loads(gzip.decompress(body) if encoding == "gzip" else body)
        with self._changed:
            self.events += batch["batch"]
            self._changed.notify_all()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                fake.requests += 1
                match fake.mood:
                    case Mood.WELL:
                        fake._take(body, self.headers["Content-Encoding"])
                        self._answer(200 if self.path == "/batch/" else 404)
                    case Mood.AWAY:
                        self._answer(503)
                    case Mood.HANGING:
                        fake._healed.wait(60)
                        self.close_connection = True
                    case Mood.FORGETFUL:
                        fake._take(body, self.headers["Content-Encoding"])
                        self.close_connection = True

            def _answer(self, status: int) -> None:
                content = b'{"status": "Ok"}'
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Be silent."""

        return Handler
