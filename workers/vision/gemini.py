"""Gemini as an image model. Its SDK takes seconds to import, so it is loaded with the first call."""

import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from domain.ports import Clock
from workers.vision.model import Answer

if TYPE_CHECKING:
    from workers.vision.gemini_call import GeminiCaller


class GeminiModel:
    """Calls one Gemini model, once an answer: the schedule of retries is ours, in the log."""

    expected_seconds = 12.0

    def __init__(
        self,
        api_key: str,
        model: str,
        *,
        base_url: str | None = None,
        timeout_s: float = 120,
        clock: Clock = lambda: datetime.now(UTC),
    ) -> None:
        self.name = f"gemini/{model}"
        self._api_key = api_key
        self._model = model
        self._base_url = base_url
        self._timeout_s = timeout_s
        self._clock = clock
        self._lock = threading.Lock()
        self._caller: GeminiCaller | None = None

    def prepare(self) -> None:
        """Load the SDK."""
        self._held_caller()

    def generate(self, clean_jpeg: bytes, prompt: str) -> Answer:
        """The picture in Gemini's answer. Raises PermanentError or PassingError."""
        media_type, image = self._held_caller().call(clean_jpeg, prompt)
        return Answer(self.name, media_type, image)

    def close(self) -> None:
        """Close the connections, if there are any."""
        with self._lock:
            if self._caller is not None:
                self._caller.close()
                self._caller = None

    def _held_caller(self) -> "GeminiCaller":
        # One client for all calls, kept in a field: an unreferenced client closes itself in the middle of a call.
        with self._lock:
            if self._caller is None:
                from workers.vision.gemini_call import GeminiCaller  # noqa: PLC0415 - the SDK takes seconds to import

                self._caller = GeminiCaller(self._api_key, self._model, self._base_url, self._timeout_s, self._clock)
            return self._caller
