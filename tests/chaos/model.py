"""The image model of a chaos run: it answers as the dice say, and writes down which pictures it was asked to make."""

import time
from collections import Counter
from threading import Event, Lock
from typing import Final

from tests.chaos.plan import reply
from tests.fakes.gemini import Call, FakeGemini, Handler
from tests.fakes.gemini_replies import Reply, empty, html, picture, prompt_blocked, reset, status, text_only

REPLIES: Final[dict[str, Reply]] = {
    "picture": picture(),
    "status 503": status(503),
    "status 429": status(429, retry_after="2"),
    "reset": reset(),
    "html": html(),
    "empty": empty(),
    "text": text_only(),
    "refusal": prompt_blocked(),
}


class Model:
    """Chooses the answers of a fake Gemini."""

    def __init__(self, gemini: FakeGemini, seed: int) -> None:
        self.pictures: Counter[str] = Counter()
        """Pictures made, and so to be paid, by the digest of the photo that was sent."""
        self.answers: Counter[str] = Counter()
        self._seed = seed
        self._calls: Counter[str] = Counter()
        self._lock = Lock()
        self._down_until = 0.0
        self._healed = Event()
        gemini.always_answer_with(self._answer)

    def be_down(self, seconds: float) -> None:
        """Answer 503 for a while."""
        self._down_until = time.monotonic() + seconds

    def heal(self) -> None:
        """Make a picture for every call from now on, and end those that hang."""
        self._down_until = 0.0
        self._healed.set()

    def _answer(self, handler: Handler, call: Call) -> None:
        kind, seconds = self._choose(call)
        if kind == "hang":
            self._healed.wait()
            kind = "reset"
        self._healed.wait(seconds)
        REPLIES[kind](handler, call)

    def _choose(self, call: Call) -> tuple[str, float]:
        with self._lock:
            self._calls[call.sha256] += 1
            kind, seconds = reply(self._seed, call.sha256, self._calls[call.sha256])
            if self._healed.is_set():
                kind = "picture"
            elif time.monotonic() < self._down_until:
                kind, seconds = "status 503", 0.05
            self.answers[kind] += 1
            self.pictures[call.sha256] += kind == "picture"
        return kind, seconds
