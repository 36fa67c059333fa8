"""The clients of a chaos run: each submits one photo, stubbornly and under one key, and polls it to its end."""

import time
from threading import Thread
from typing import Final

import httpx

from tests.acceptance.clients import Api, Job, Poller
from tests.chaos.plan import Submission

PAUSE_SECONDS: Final = 0.5
"""Between two tries to submit, and between two polls."""
PATIENCE_SECONDS: Final = 90.0
"""How long a client tries to submit; no injury lasts that long."""


class Client:
    """One photo's owner, in a thread of its own."""

    def __init__(self, api: Api, submission: Submission, key: str, pace: float = PAUSE_SECONDS) -> None:
        self.poller: Poller | None = None
        self.refusals = 0
        """How often it was asked for patience, or not answered at all."""
        self.faults: list[str] = []
        self._api = api
        self._submission = submission
        self._key = key
        self._pace = pace
        self._thread = Thread(target=self._submit, daemon=True)

    @property
    def ended(self) -> bool:
        """Whether its job has, or there is none."""
        return not self._thread.is_alive() and (self.poller is None or self.poller.ended)

    def start_at(self, moment: float) -> None:
        """Begin when the monotonic clock says so."""
        self._begins = moment
        self._thread.start()

    def stop(self) -> list[str]:
        """Poll no more; everything that it should not have been answered."""
        self._thread.join()
        if self.poller is None:
            return self.faults
        self.poller.stop()
        return self.faults + self.poller.faults

    def _submit(self) -> None:
        time.sleep(max(self._begins - time.monotonic(), 0))
        deadline = self._begins + PATIENCE_SECONDS
        while (response := self._try()) is None:
            if time.monotonic() > deadline:
                self.faults.append(f"nobody took its photo in {PATIENCE_SECONDS} s")
                return
            time.sleep(PAUSE_SECONDS)
        if response.status_code == httpx.codes.ACCEPTED:
            job = Job(response.json()["jobId"], response.json()["sessionToken"])
            self.poller = Poller(self._api, job, tolerates=httpx.TransportError, pace=self._pace)
        else:
            self.faults.append(f"its photo was answered {response.status_code} {response.text}")

    def _try(self) -> httpx.Response | None:
        try:
            response = self._api.post(self._submission.photo, key=self._key)
        except httpx.TransportError:
            response = None
        patience_asked = response is not None and response.status_code == httpx.codes.SERVICE_UNAVAILABLE
        if response is None or (patience_asked and "Retry-After" in response.headers):
            self.refusals += 1
            return None
        return response
