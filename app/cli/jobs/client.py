"""A small client of our own HTTP API, for the command line: submit, poll, fetch the picture.

It waits for a server that asks for patience or restarts, and tells what it cannot mend in one sentence.

ClientError
├── UnreachableError      no server listens there, or the network is down
├── RefusedError          the server said no; its own code and sentence
└── StrangeAnswerError    the server that answers is no Darkroom
"""

import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Self
from urllib.parse import urljoin
from uuid import uuid4

import httpx
from msgspec import Struct

from app.cli.jobs.steady import SteadyFile
from domain.errors import DarkroomError

OWNER: Final = "X-Session-Token"
"""The header of an owner's requests; in an answer, a new token of the same session in the place of one that ages."""
TIMEOUT: Final = httpx.Timeout(60, connect=5)
BUSY: Final = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}
BUSY_SECONDS: Final = 60.0
"""How long a server that is busy is asked again, where it does not say when."""
RESTART_SECONDS: Final = 30.0
"""How long a server that has answered before may be away."""
START_SECONDS: Final = 2.0
"""How long one that has never answered may be."""
FIRST_PAUSE: Final = 0.2
LONGEST_PAUSE: Final = 10.0

StatusBody = dict[str, Any]
"""The JSON of GET /api/status/{jobId}, as it came."""

FIRST_PAUSE_SECONDS: Final = 0.25
"""Between the first two polls; it grows to what the server asks for."""


class ClientError(DarkroomError):
    """The server could not be used."""


class UnreachableError(ClientError):
    """The server does not answer."""


class RefusedError(ClientError):
    """The server refused the request."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


class StrangeAnswerError(ClientError):
    """This is no answer of Darkroom's: check the address."""


class Job(Struct, frozen=True):
    """An upload that the server has taken in, and the token that opens it."""

    id: str
    session_token: str


def _say_nothing(_seconds: float) -> None:
    pass


def _keep_nothing(_token: str, _renewed: str) -> None:
    pass


def is_same_session(one: str, other: str) -> bool:
    """Whether two tokens open the same uploads: they begin with the id of their session, up to the first dot."""
    return one == other or ("." in one and one.partition(".")[0] == other.partition(".")[0])


class Client:
    """One server, for any number of threads. Its calls retry by themselves. Raises ClientError.

    A server that says when to come back is obeyed for up to `patience` seconds a call. `on_renewed` is told a token and
    the one that the server gave in its place; from then on the client uses that one.
    """

    def __init__(
        self,
        server: str,
        patience: float = BUSY_SECONDS,
        on_renewed: Callable[[str, str], None] = _keep_nothing,
    ) -> None:
        self.server = server.rstrip("/")
        self._patience = patience
        self._on_renewed = on_renewed
        self._renewed: dict[str, str] = {}
        self._http = httpx.Client(timeout=TIMEOUT, headers={"Accept": "application/json"})
        self._reached = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._http.close()

    def submit(
        self, photo: Path, session_token: str | None = None, on_wait: Callable[[float], None] = _say_nothing
    ) -> Job:
        """Send the photo, streamed from the disk; however often that is tried, it becomes one upload.

        It joins the session of the token, else it begins one. Before each wait `on_wait` is told its seconds. Raises
        ClientError, and OSError where the photo cannot be read or changes its length meanwhile.
        """
        headers = {"Idempotency-Key": uuid4().hex} | ({OWNER: session_token} if session_token else {})

        def send() -> httpx.Response:
            with SteadyFile(photo) as file:
                # The file's name is not sent: the service does not need it.
                return self._http.post(f"{self.server}/api/uploads", headers=headers, files={"image": ("photo", file)})

        body = self._json(self._patiently(send, on_wait))
        return Job(self._member(body, "jobId", str), self._member(body, "sessionToken", str))

    def command(self, job: Job, name: Literal["retry", "cancel"]) -> StatusBody:
        """Retry or cancel the upload; the status that this led to."""
        url = f"{self.server}/api/uploads/{job.id}/{name}"
        return self._json(self._owned(job, lambda headers: self._http.post(url, headers=headers)))

    def token_of(self, job: Job) -> str:
        """The newest token of the job's session."""
        return self._renewed.get(job.session_token, job.session_token)

    def status(self, job: Job) -> StatusBody:
        """Where the upload is now."""
        return self._json(self._poll(job, None))

    def watch(self, job: Job, seconds: float) -> Iterator[StatusBody]:
        """Where the upload is, each time that something moved, until its end. Raises TimeoutError."""
        deadline = time.monotonic() + seconds
        pause = FIRST_PAUSE_SECONDS
        etag, body = None, StatusBody()
        while not body.get("isTerminal"):
            response = self._poll(job, etag)
            if response.status_code != HTTPStatus.NOT_MODIFIED:
                etag, body = response.headers.get("ETag"), self._json(response)
                yield body
            if time.monotonic() > deadline:
                raise TimeoutError
            if not body.get("isTerminal"):
                # One who watches from the start sees the quick stages too; then the server's pace is kept.
                time.sleep(min(pause, max(deadline - time.monotonic(), 0)))
                pause = min(pause * 1.5, self._member(body, "pollAfterMs", int) / 1000)

    def preview(self, job: Job, result_id: str) -> bytes:
        """The watermarked preview of a result."""
        address = f"{self.server}/api/results/{result_id}"
        result = self._json(self._owned(job, lambda headers: self._http.get(address, headers=headers)))
        url = self._member(self._member(result, "preview", dict), "url", str)
        # The link opens the picture by itself; the token is not for its server.
        picture = urljoin(f"{self.server}/", url)
        return self._accepted(self._patiently(lambda: self._http.get(picture, headers={"Accept": "*/*"}))).content

    def _poll(self, job: Job, etag: str | None) -> httpx.Response:
        url, read = f"{self.server}/api/status/{job.id}", {"If-None-Match": etag} if etag else {}
        return self._owned(job, lambda headers: self._http.get(url, headers=headers | read))

    def _owned(self, job: Job, send: Callable[[dict[str, str]], httpx.Response]) -> httpx.Response:
        """Send a request of the job's owner, and learn the token that the answer may renew."""
        token = self.token_of(job)
        response = self._patiently(lambda: send({OWNER: token}))
        renewed = response.headers.get(OWNER, token)
        is_answered = response.is_success or response.status_code == HTTPStatus.NOT_MODIFIED
        if renewed != token and is_answered and is_same_session(token, renewed):
            self._renewed[job.session_token] = renewed
            self._on_renewed(token, renewed)
        return response

    def _patiently(
        self, send: Callable[[], httpx.Response], on_wait: Callable[[float], None] = _say_nothing
    ) -> httpx.Response:
        began, pause = time.monotonic(), FIRST_PAUSE
        while True:
            trouble: ClientError
            try:
                response = send()
                self._reached = True
                if not _is_busy(response):
                    return response
                said = _retry_after(response)
                trouble, wait = _refusal(response), pause if said is None else max(said, FIRST_PAUSE)
                patience = BUSY_SECONDS if said is None else self._patience
            except (httpx.TransportError, httpx.InvalidURL) as error:
                trouble, wait = UnreachableError(f"{self.server} does not answer: {error}."), pause
                patience = RESTART_SECONDS if self._reached else START_SECONDS
            if time.monotonic() + wait > began + patience:
                raise trouble
            on_wait(wait)
            time.sleep(wait)
            pause = min(pause * 2, LONGEST_PAUSE)

    def _json(self, response: httpx.Response) -> dict[str, Any]:
        try:
            body = self._accepted(response).json()
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise StrangeAnswerError(f"{self.server} answers without JSON, unlike Darkroom: check the address.")
        return body

    def _accepted(self, response: httpx.Response) -> httpx.Response:
        if response.is_success:
            return response
        raise _refusal(response)

    def _member(self, body: dict[str, Any], name: str, kind: type[Any]) -> Any:  # noqa: ANN401 - of that kind
        if isinstance(body.get(name), kind):
            return body[name]
        raise StrangeAnswerError(f"{self.server} answers without {name}, unlike Darkroom: check the address.")


def _refusal(response: httpx.Response) -> RefusedError | StrangeAnswerError:
    try:
        error = response.json()["error"]
        return RefusedError(str(error["message"]), str(error["code"]))
    except (ValueError, KeyError, TypeError):
        return StrangeAnswerError(f"{response.url} answers {response.status_code}, unlike Darkroom: check the address.")


def _is_busy(response: httpx.Response) -> bool:
    # A conflict that passes: the same photo is still on its way, or was when its server ended.
    is_under_way = response.status_code == HTTPStatus.CONFLICT and "Retry-After" in response.headers
    return is_under_way or response.status_code in BUSY


def _retry_after(response: httpx.Response) -> float | None:
    seconds = response.headers.get("Retry-After", "")
    return float(seconds) if seconds.isascii() and seconds.isdecimal() else None
