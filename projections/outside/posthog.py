"""Sends captures with the PostHog client, within a few seconds, and reports whether PostHog accepted them.

It knows the client and its limits, not what a capture means.
"""

import logging
from collections.abc import Sequence
from typing import Any, Final

import structlog

from domain.errors import UnavailableError
from projections.log.follower import PAGE
from projections.outside.analytics import Capture

REQUEST_SECONDS: Final = 2.0
"""Limit of a connect and of each read. Over HTTPS the client tries to connect three times."""
DELIVERY_SECONDS: Final = 3.0
"""Less than the limit of an idle transaction, because the reader of the log waits for a delivery inside one."""
FLUSH_SECONDS: Final = 2.0
QUEUE: Final = 2 * PAGE
"""The most captures that wait. More are dropped."""

log = structlog.get_logger(__name__)


class AnalyticsUnavailableError(UnavailableError):
    """PostHog does not accept events at the moment. They stay in the log and are sent later."""


class PostHog:
    """Sends captures to one project, from a background thread of the client. For use by one thread."""

    def __init__(self, api_key: str, host: str | None, *, historical: bool = False) -> None:
        from posthog import Posthog  # noqa: PLC0415 - takes 0.4 s, which a process without a key saves

        self._refusal: Exception | None = None
        self._client = Posthog(
            api_key,
            host=host,
            capture_mode="v0",  # otherwise an environment variable outside our settings decides
            gzip=True,
            disable_geoip=True,
            historical_migration=historical,  # PostHog then takes old times, and delays nothing of today for them
            flush_at=PAGE,  # one request for a page of the log
            max_queue_size=QUEUE,
            max_retries=0,  # the reader of the log tries again, and a lost poll does not matter
            timeout=REQUEST_SECONDS,
            on_error=self._note_refusal,
        )
        # The client prints each failure to stderr; _note_refusal logs it instead.
        logging.getLogger("posthog").setLevel(logging.CRITICAL)

    def deliver(self, captures: Sequence[Capture]) -> None:
        """Return when all are accepted, within 3 s. Raises AnalyticsUnavailableError."""
        self._refusal = None
        queued = [self._queue(capture) for capture in captures]
        self._client.flush(timeout_seconds=DELIVERY_SECONDS)
        # flush returns no result: a failed batch was passed to on_error, and a batch in progress is an unfinished task.
        if self._refusal or not all(queued) or self._client.queue.unfinished_tasks:
            raise AnalyticsUnavailableError from self._refusal

    def enqueue(self, capture: Capture) -> None:
        """Send it later, without blocking. It is dropped if PostHog is unavailable or the queue is full."""
        self._queue(capture)

    def close(self) -> None:
        """Send the waiting captures, within 2 s."""
        self._client.flush(timeout_seconds=FLUSH_SECONDS)

    def _queue(self, capture: Capture) -> bool:
        # The id is of an upload, not of a person, so PostHog must not create a person profile for it.
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
    """The sink when no key is configured. It sends nothing."""

    def deliver(self, captures: Sequence[Capture]) -> None:
        """Drop them."""

    def enqueue(self, capture: Capture) -> None:
        """Drop it."""

    def close(self) -> None:
        """Do nothing."""


def open_posthog(api_key: str | None, host: str | None, *, historical: bool = False) -> PostHog | NoPostHog:
    """The client of the project with that key; without a key, a sink that sends nothing."""
    return PostHog(api_key, host, historical=historical) if api_key else NoPostHog()
