"""One call of Gemini through its SDK, and every way in which it can fail in our words. Keeps its key to itself."""

from typing import Final

import httpx2
from google import genai
from google.genai import errors, types

from domain.failures import FailureCode
from domain.ports import Clock
from workers.errors import PassingError, PermanentError, StepError
from workers.vision.bounded import BoundedTransport
from workers.vision.deadline import DeadlineTransport
from workers.vision.gemini_answer import picture_in
from workers.vision.retry_after import asked_wait

_PASSING: Final = {408, 429, *range(500, 600)}
"""The HTTP statuses after which the same call may work later."""
_MAX_ANSWER_BYTES: Final = 64 * 1024 * 1024


class GeminiCaller:
    """Holds the one client of a model."""

    def __init__(self, api_key: str, model: str, base_url: str | None, timeout_s: float, clock: Clock) -> None:
        self._api_key = api_key
        self._model = model
        self._clock = clock
        transport = DeadlineTransport(BoundedTransport(), timeout_s=timeout_s, max_bytes=_MAX_ANSWER_BYTES)
        self._http = httpx2.Client(transport=transport, timeout=timeout_s)
        options = types.HttpOptions(
            base_url=base_url, api_version="v1beta", timeout=round(timeout_s * 1000), httpx_client=self._http
        )
        # Not said, a variable of the environment chooses Vertex AI. Without retry_options nothing is retried.
        self._client = genai.Client(api_key=api_key, vertexai=False, http_options=options)

    def call(self, clean_jpeg: bytes, prompt: str) -> tuple[str, bytes]:
        """The media type and the bytes of the picture in the answer."""
        try:
            response = self._ask(clean_jpeg, prompt)
        except errors.APIError as error:
            # `from None`, here and below: the SDK's errors carry whole answers, which belong in no log.
            raise self._refusal(error) from None
        except Exception as error:  # noqa: BLE001 - and the SDK raises whatever such a body makes it stumble over
            # A broken connection, or a body that is not what it takes for granted: HTML, a half, a nest without end.
            raise self._unavailable(f"{type(error).__name__}: {error}") from None
        if response.candidates is None and response.prompt_feedback is None and response.usage_metadata is None:
            raise self._unavailable("the answer is empty")  # which the SDK takes for an answer
        return picture_in(response)

    def _ask(self, clean_jpeg: bytes, prompt: str) -> types.GenerateContentResponse:
        photo = types.Part.from_bytes(data=clean_jpeg, mime_type="image/jpeg")
        return self._client.models.generate_content(
            model=self._model,
            contents=types.Content(role="user", parts=[photo, types.Part.from_text(text=prompt)]),
            config=types.GenerateContentConfig(response_modalities=["IMAGE"]),
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _refusal(self, error: errors.APIError) -> StepError:
        said = f"HTTP {error.code} {error.status}: {error.message}"
        if error.code not in _PASSING:
            return PermanentError(FailureCode.GENERATION_REFUSED, self._fit_for_the_log(said))
        headers = getattr(error.response, "headers", {})
        return self._unavailable(said, asked_wait(headers, error.details, self._clock()))

    def _unavailable(self, said: str, retry_after: float | None = None) -> PassingError:
        return PassingError(FailureCode.GENERATION_UNAVAILABLE, self._fit_for_the_log(said), retry_after=retry_after)

    def _fit_for_the_log(self, said: str) -> str:
        return said.replace(self._api_key, "[key]")[:300]
