"""The clients of a chaos run: each submits one photo, stubbornly and under one key, and polls it to its end.

A few threads act for all of them, in the order in which their next steps are due: thousands of threads would starve
this one process of Python, and the clients could not submit.
"""

import heapq
import time
from collections.abc import Sequence
from itertools import count
from threading import Condition, Thread
from typing import Final
from uuid import uuid4

import httpx

from tests.acceptance.clients import Api, Job, Poller
from tests.chaos.plan import Submission

PAUSE_SECONDS: Final = 0.5
"""Between two tries to submit, and between two polls."""
PATIENCE_SECONDS: Final = 90.0
"""How long a client tries to submit; no injury lasts that long."""
PASSING: Final = {httpx.codes.SERVICE_UNAVAILABLE, httpx.codes.CONFLICT}
"""With Retry-After: the second where the server of the try before it was killed."""
POLLS_PER_SECOND: Final = 200
"""Of all clients together at most."""
THREADS: Final = 32


class Client:
    """One photo's owner."""

    def __init__(self, api: Api, submission: Submission, key: str, pace: float = PAUSE_SECONDS) -> None:
        self.poller: Poller | None = None
        self.refusals = 0
        """How often it was asked for patience, or not answered at all."""
        self.faults: list[str] = []
        self.ended = False
        """Whether its job has, or there is none."""
        self._api = api
        self._submission = submission
        self._key = key
        self._pace = pace
        self._first_try: float | None = None

    @property
    def begins(self) -> float:
        """Seconds after the start."""
        return self._submission.at

    @property
    def all_faults(self) -> list[str]:
        """Everything that it should not have been answered."""
        return self.faults + (self.poller.faults if self.poller else [])

    def step(self) -> float:
        """Submit or poll once; the seconds until its next step."""
        if self.poller is None:
            self._submit()
            return PAUSE_SECONDS
        self.poller.poll()
        self.ended = self.poller.ended
        return self._pace

    def _submit(self) -> None:
        now = time.monotonic()
        self._first_try = self._first_try or now
        response = self._try()
        if response is None:
            if now > self._first_try + PATIENCE_SECONDS:
                self.faults.append(f"its photo was not taken in {PATIENCE_SECONDS} s")
                self.ended = True
        elif response.status_code == httpx.codes.ACCEPTED:
            job = Job(response.json()["jobId"], response.json()["sessionToken"])
            self.poller = Poller(self._api, job, tolerates=httpx.TransportError)
        else:
            self.faults.append(f"its photo was answered {response.status_code} {response.text}")
            self.ended = True

    def _try(self) -> httpx.Response | None:
        try:
            response = self._api.post(self._submission.photo, key=self._key)
        except httpx.TransportError:
            response = None
        if response is None or (response.status_code in PASSING and "Retry-After" in response.headers):
            self.refusals += 1
            return None
        return response


class Crowd:
    """All clients of a run, and the threads that act for them."""

    def __init__(self, api: Api, submissions: Sequence[Submission]) -> None:
        pace = max(PAUSE_SECONDS, len(submissions) / POLLS_PER_SECOND)
        self.clients = [Client(api, one, str(uuid4()), pace) for one in submissions]
        self._due: list[tuple[float, int, Client]] = []
        self._numbers = count()
        self._changed = Condition()
        self._stopping = False
        self._threads = [Thread(target=self._act, daemon=True) for _ in range(THREADS)]

    def start(self) -> None:
        """Begin the run now."""
        started = time.monotonic()
        for client in self.clients:
            self._plan(client, started + client.begins)
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Do nothing more."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _plan(self, client: Client, moment: float) -> None:
        with self._changed:
            heapq.heappush(self._due, (moment, next(self._numbers), client))
            self._changed.notify()

    def _act(self) -> None:
        while client := self._next():
            pause = client.step()
            if not client.ended:
                self._plan(client, time.monotonic() + pause)

    def _next(self) -> Client | None:
        """The client whose step is due first, once it is; None at the end."""
        with self._changed:
            while not self._stopping:
                wait = self._due[0][0] - time.monotonic() if self._due else None
                if wait is not None and wait <= 0:
                    return heapq.heappop(self._due)[2]
                self._changed.wait(wait)
        return None
