"""A Darkroom for tests of the command line: the real contract over HTTP, with answers that a test chooses.

It takes photos, shows the statuses it was given for each, one more at each poll, and keeps a ledger of the requests. A
photo that begins with REFUSED is refused.
"""

import json
import sys
from collections import deque
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from types import TracebackType
from typing import Any, Self

JOB_ID = "6f1c2c1e-6a43-4c6e-9d0a-0f7f2f8f1d11"
REFUSED = b"refuse this"
RESULT_ID = "0b0f6d1c-9d0e-4a53-8a58-5b1f6f0a7c22"
TOKEN = "c2Vzc2lvbg.signature"
HANG_UP = 0
"""As the status of a trouble: no answer, and the connection ends."""
PICTURE = b"\xff\xd8 the preview \xff\xd9"


Headers = dict[str, str]


def status(stage: str | None, progress: int, **members: object) -> dict[str, Any]:
    """The body of a status as the API says it; polls follow each other fast."""
    names = {None: "pending", "complete": "completed", "failed": "failed"}
    ended = stage in {"complete", "failed"}
    return {
        "success": True,
        "jobId": JOB_ID,
        "status": names.get(stage, "processing"),
        "stage": stage,
        "progress": progress,
        "resultId": RESULT_ID if stage == "complete" else None,
        "version": progress + 1,
        "attempt": 1,
        "createdAt": "2026-01-02T03:04:05Z",
        "updatedAt": "2026-01-02T03:04:06Z",
        "isTerminal": ended,
        "pollAfterMs": None if ended else 10,
        **members,
    }


RUN = [
    status(None, 0, attempt=0),
    status("validating", 10),
    status("generating", 30),
    status("generating", 70),
    status("storing", 80),
    status("watermarking", 90),
    status("complete", 100),
]


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as the standard library has it
        """Callers that hang up are part of the tests; anything else is a mistake of this file."""
        if not isinstance(sys.exception(), OSError | ValueError):
            super().handle_error(request, client_address)


class FakeDarkroom:
    """A server on a port of its own. `troubles` are answered first, one a request: a status with its headers.

    Where `renewed` is set, it is given in the place of TOKEN, as to one in the second half of its life.

    The first job has JOB_ID, and its statuses are `statuses`. `most_under_way` is how many jobs ran at the same time.
    """

    def __init__(self, *statuses: dict[str, Any]) -> None:
        self.statuses = deque(statuses or RUN)
        self.troubles: deque[tuple[int, Mapping[str, str]]] = deque()
        self.requests: list[tuple[str, str, dict[str, str], bytes]] = []
        self.most_under_way = 0
        self.renewed: str | None = None
        self._jobs = {JOB_ID: self.statuses}
        self._template = tuple(self.statuses)
        self._submitted: list[str] = []
        self._under_way: set[str] = set()
        self._lock = Lock()
        self._server = _Server(("127.0.0.1", 0), self._handler())
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def asked(self, method: str, path: str) -> list[tuple[dict[str, str], bytes]]:
        """The headers and bodies of the requests for a path that begins so."""
        return [(headers, body) for m, p, headers, body in self.requests if m == method and p.startswith(path)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, Headers, bytes]:
        """Status, headers and content of one answer."""
        with self._lock:
            return self._answer(method, path, headers, body)

    def _answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, Headers, bytes]:
        if self.troubles:
            code, more = self.troubles.popleft()
            return code, dict(more), _error("UNAVAILABLE", "Please try again.")
        if (method, path) == ("POST", "/api/uploads"):
            return self._take_in(body)
        if path == "/pictures/1":
            return 200, {}, PICTURE
        token = headers.get("X-Session-Token")
        if token not in {TOKEN, self.renewed}:
            return 401, {}, _error("UNAUTHORIZED", "Send the session token of this upload.")
        code, more, content = self._owned(path, headers.get("If-None-Match"))
        return code, {**more, "X-Session-Token": self.renewed} if self.renewed and token == TOKEN else more, content

    def _take_in(self, body: bytes) -> tuple[int, Headers, bytes]:
        if REFUSED in body:
            return 415, {}, _error("UNSUPPORTED_MEDIA_TYPE", "This is no photo.")
        number = len(self._submitted)
        job_id = f"{int(JOB_ID[:8], 16) + number:08x}{JOB_ID[8:]}"
        self._submitted.append(job_id)
        self._jobs.setdefault(job_id, deque({**each, "jobId": job_id} for each in self._template))
        self._under_way.add(job_id)
        self.most_under_way = max(self.most_under_way, len(self._under_way))
        answer = {"success": True, "jobId": job_id, "sessionToken": TOKEN, "status": "pending"}
        return 202, {}, json.dumps(answer).encode()

    def _owned(self, path: str, etag: str | None) -> tuple[int, Headers, bytes]:
        if path == f"/api/results/{RESULT_ID}":
            return 200, {}, json.dumps({"success": True, "preview": {"url": "/pictures/1"}}).encode()
        _, _, kind, job_id, *command = path.split("/")
        if kind in {"status", "uploads"} and job_id in self._jobs:
            return self._command(command[0]) if command else self._status(job_id, etag)
        return 404, {}, _error("NOT_FOUND", "There is no such upload in this session.")

    def _command(self, name: str) -> tuple[int, Headers, bytes]:
        ended = self.statuses[0]["isTerminal"]
        if ended is (name == "cancel"):
            return 409, {}, _error("CONFLICT", "It is too late, or too early, for that.")
        cancelled = status("failed", 30, errorCode="CANCELLED", errorMessage="Cancelled.")
        led_to = status("generating", 30, attempt=2) if ended else cancelled
        return 202, {}, json.dumps(led_to).encode()

    def _status(self, job_id: str, etag: str | None) -> tuple[int, Headers, bytes]:
        statuses = self._jobs[job_id]
        body = statuses.popleft() if len(statuses) > 1 else statuses[0]
        if body["isTerminal"]:
            self._under_way.discard(job_id)
        headers = {"ETag": f'"{body["version"]}"'}
        return (304, headers, b"") if etag == headers["ETag"] else (200, headers, json.dumps(body).encode())

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self._respond(self.rfile.read(int(self.headers["Content-Length"])))

            def do_GET(self) -> None:
                self._respond(b"")

            def _respond(self, body: bytes) -> None:
                headers = dict(self.headers.items())
                fake.requests.append((self.command, self.path, headers, body))
                code, more, content = fake.answer(self.command, self.path, headers, body)
                if code == HANG_UP:
                    self.close_connection = True
                    return
                self.send_response(code)
                for name, value in {**more, "Content-Length": str(len(content))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Be silent."""

        return Handler


def _error(code: str, message: str) -> bytes:
    return json.dumps({"success": False, "error": {"code": code, "message": message}}).encode()
