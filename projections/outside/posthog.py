"""PostHog's own client, told how to say whether it was heard, and to wait for nobody longer than a few seconds.

It knows the protocol and its bounds, not what is counted.
"""

import logging
from collections.abc import Sequence
from typing import Any, Final

import structlog

from domain.errors import UnavailableError
from projections.log.follower import PAGE
from projections.outside.analytics import Capture

REQUEST_SECONDS: Final = 2.0
"""For a connect and for each read; over HTTPS the client tries a connect three times."""
DELIVERY_SECONDS: Final = 3.0
"""Less than PostgreSQL gives to an idle transaction, in which the reader of the log waits for a delivery."""
FLUSH_SECONDS: Final = 2.0
QUEUE: Final = 2 * PAGE
"""Captures that wait at most; further ones are dropped."""

log = structlog.get_logger(__name__)


class AnalyticsUnavailableError(UnavailableError):
    """PostHog does not accept events at the moment. They stay in the log and are sent later."""


class PostHog:
    """Sends captures as one project, from a background thread of the client's. For use by one thread."""

    def __init__(self, api_key: str, host: str | None) -> None:
        from posthog import Posthog  # noqa: PLC0415 - it takes 0.4 s, which those without a key need not wait

        self._refusal: Exception | None = None
        self._client = Posthog(
            api_key,
            host=host,
            capture_mode="v0",  # else an environment variable that is not among our settings decides
            gzip=True,
            disable_geoip=True,
            flush_at=PAGE,  # so that a page of the log is one request
            max_queue_size=QUEUE,
            max_retries=0,  # the log is the queue: its reader tries again, and a lost poll is no loss
            timeout=REQUEST_SECONDS,
            on_error=self._note_refusal,
        )
        # The client prints each failure to stderr by itself; it is told in our own log.
        logging.getLogger("posthog").setLevel(logging.CRITICAL)

    def deliver(self, captures: Sequence[Capture]) -> None:
        """Return once all are accepted, within 3 s. Raises AnalyticsUnavailableError."""
        self._refusal = None
        queued = [self._queue(capture) for capture in captures]
        self._client.flush(timeout_seconds=DELIVERY_SECONDS)
        # The client answers nothing here: what it could not send went to on_error, what it still tries is unfinished.
        if self._refusal or not all(queued) or self._client.queue.unfinished_tasks:
            raise AnalyticsUnavailableError from self._refusal

    def enqueue(self, capture: Capture) -> None:
        """Send it some time later; returns at once, and drops it where PostHog is away or the queue is full."""
        self._queue(capture)

    def close(self) -> None:
        """Send what waits, for 2 s at most."""
        self._client.flush(timeout_seconds=FLUSH_SECONDS)

    def _queue(self, capture: Capture) -> bool:
        # An upload is no person: nothing is known of whoever owns it, and no profile is made up.
        properties = {"upload_id": str(capture.upload_id), "$process_person_profile": False, **capture.properties}
        queued = self._client.capture(
            capture.name,
            distinct_id=str(capture.upload_id),
            properties=properties,
            timestamp=capture.at,
            uuid=capture.id,
        )
        return queued is not None

    def _note_refusal(self, error: Exception, batch: Sequence[dict[str, Any]]) -> None:
        self._refusal = error
        log.info("posthog.refused", captures=len(batch), error=type(error).__name__)


class NoPostHog:
    """For those without a key: nothing is sent and nobody waits."""

    def deliver(self, captures: Sequence[Capture]) -> None:
        """Forget them."""

    def enqueue(self, capture: Capture) -> None:
        """Forget it."""

    def close(self) -> None:
        """Nothing waits."""


def open_posthog(api_key: str | None, host: str | None) -> PostHog | NoPostHog:
    """The client of the project with that key, or none."""
    return PostHog(api_key, host) if api_key else NoPostHog()
