"""Clients of the API, over plain HTTP: they submit photos, poll without a pause for breath, and fetch pictures.

A poller believes nothing: what it reads must only move forward, and a server in trouble must say so politely.
"""

from collections.abc import Mapping
from threading import Event, Thread
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

import httpx

from tests.photos.variants import photo
from tests.waiting import until

PACE_SECONDS: Final = 0.1
"""Between two polls of one poller."""
ANSWER_SECONDS: Final = 8
"""How long an answer may take, in a fault on a busy machine too."""
Tolerated = type[httpx.TransportError] | tuple[()]
"""What a client may meet in place of an answer: nothing, unless the test lets a server go."""
STAGES: Final = (None, "validating", "generating", "storing", "watermarking", "complete", "failed")


class Job(NamedTuple):
    """A submission that was answered 202, and the token that opens it."""

    id: str
    token: str


class Api:
    """One server."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.submitted: list[Job] = []
        # A connection a request, so that no answer is lost with a connection that a killed server had kept open. Said
        # in the request: a pool that may keep none was seen to close one under the thread that still read from it.
        headers = {"Connection": "close"}
        self._http = httpx.Client(base_url=url, timeout=ANSWER_SECONDS, trust_env=False, headers=headers)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._http.close()

    def post(
        self, content: bytes, filename: str = "photo.jpg", token: str | None = None, key: str | None = None
    ) -> httpx.Response:
        """Send a file."""
        told = {"X-Session-Token": token, "Idempotency-Key": key}
        headers = {name: value for name, value in told.items() if value}
        return self._http.post("/api/uploads", files={"image": (filename, content)}, headers=headers)

    def submit(self, content: bytes | None = None, filename: str = "photo.jpg") -> Job:
        """Send a photo, which must be taken in."""
        response = self.post(content or photo(), filename)
        assert response.status_code == httpx.codes.ACCEPTED, response.text
        job = Job(response.json()["jobId"], response.json()["sessionToken"])
        self.submitted.append(job)
        return job

    def cancel(self, job: Job) -> None:
        """End a job, unless it has ended or is gone."""
        response = self._http.post(f"/api/uploads/{job.id}/cancel", headers={"X-Session-Token": job.token})
        assert response.status_code in {202, 404, 409}, response.text

    def poll(self, job: Job) -> httpx.Response:
        """Ask where a job is."""
        return self._http.get(f"/api/status/{job.id}", headers={"X-Session-Token": job.token})

    def status(self, job: Job) -> dict[str, Any]:
        """Where a job is."""
        response = self.poll(job)
        assert response.status_code == httpx.codes.OK, response.text
        body: dict[str, Any] = response.json()
        return body

    def preview_url(self, job: Job) -> str:
        """Where the preview of a complete job is, whole."""
        response = self._http.get(
            f"/api/results/{self.status(job)['resultId']}", headers={"X-Session-Token": job.token}
        )
        assert response.status_code == httpx.codes.OK, response.text
        return str(httpx.URL(self.url).join(response.json()["preview"]["url"]))

    def preview(self, job: Job) -> bytes:
        """The picture itself; nothing but its address is needed for it."""
        response = httpx.get(self.preview_url(job), timeout=ANSWER_SECONDS, trust_env=False)
        assert response.status_code == httpx.codes.OK, response.text
        assert response.headers["Content-Type"] == "image/jpeg"
        return response.content


class Poller:
    """One client that polls its job, each time that it is told to."""

    def __init__(self, api: Api, job: Job, tolerates: Tolerated = ()) -> None:
        self.job = job
        self.last: Mapping[str, Any] = {"stage": None, "progress": 0, "version": 0, "attempt": 0, "isTerminal": False}
        self.stages: list[str | None] = []
        self.refusals = 0
        self.faults: list[str] = []
        self._api = api
        self._tolerates = tolerates

    @property
    def ended(self) -> bool:
        """Whether its job has."""
        return bool(self.last["isTerminal"])

    def poll(self) -> None:
        """Ask once, and judge the answer."""
        try:
            response = self._api.poll(self.job)
        except httpx.TransportError as error:
            if not isinstance(error, self._tolerates):
                self.faults.append(repr(error))
        else:
            self._judge(response)

    def _judge(self, response: httpx.Response) -> None:
        if response.status_code == httpx.codes.SERVICE_UNAVAILABLE and "Retry-After" in response.headers:
            self.refusals += 1
        elif response.status_code == httpx.codes.OK:
            self._compare(response.json())
        else:
            self.faults.append(f"{response.status_code} {response.text}")

    def _compare(self, body: Mapping[str, Any]) -> None:
        if any(new < old for new, old in zip(_reached(body), _reached(self.last), strict=True)):
            self.faults.append(f"{_reached(self.last)} was followed by {_reached(body)}")
        if body["stage"] not in self.stages:
            self.stages.append(body["stage"])
        self.last = body


def _reached(body: Mapping[str, Any]) -> tuple[int, int, int, int]:
    return STAGES.index(body["stage"]), body["progress"], body["version"], body["attempt"]


class Watch:
    """Pollers of several jobs, all at once. At the end none of them may have read anything that it should not."""

    def __init__(self, api: Api, *jobs: Job, tolerates: Tolerated = (), pace: float = PACE_SECONDS) -> None:
        self.pollers = [Poller(api, job, tolerates) for job in jobs]
        self._pace = pace
        self._stopping = Event()
        self._threads = [Thread(target=self._poll, args=(poller,), daemon=True) for poller in self.pollers]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        if error is None:
            faults = [fault for poller in self.pollers for fault in poller.faults]
            assert not faults, faults

    def _poll(self, poller: Poller) -> None:
        while not poller.ended and not self._stopping.wait(self._pace):
            poller.poll()

    @property
    def statuses(self) -> list[str]:
        """How the jobs were doing when they were last looked at."""
        return [str(poller.last.get("status")) for poller in self.pollers]

    def until_complete(self, seconds: float = 90) -> None:
        """Return when every job is; none may end otherwise."""
        until(lambda: all(poller.ended for poller in self.pollers), "the jobs do not end", seconds)
        assert self.statuses == ["completed"] * len(self.pollers), [poller.last for poller in self.pollers]
