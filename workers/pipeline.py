"""The pipeline: load the upload, skip what is done, do each stage, advance or fail. The one loop of the workers.

    take the lease -> AttemptStarted -> validating -> generating -> storing -> watermarking -> complete
                                             |            |            |            |
                                             +------------+-- a step's error -------+-> Failed, or AttemptFailed
                                                                                        and again at its retry_at

A run is safe to repeat: the answer of the image model is looked for before the model is asked, a stored picture is
recorded once, and an attempt that is no longer the upload's last can append nothing.
"""

import random
from datetime import timedelta
from threading import Lock
from time import monotonic
from typing import Final
from uuid import UUID

import structlog

from domain.errors import AttemptsExhaustedError, DarkroomError, LogUnavailableError, RefusedError
from domain.failures import FailureCode
from domain.ports import Clock
from domain.upload import ATTEMPTS, Upload
from domain.uploads import Uploads
from workers.attempt import Attempt
from workers.errors import PassingError, PermanentError
from workers.leases import Leases
from workers.stages import Stages

FIRST_WAIT_SECONDS: Final = 4.0
"""After a passing trouble; four times as long after each further one, give or take a quarter."""

log = structlog.get_logger(__name__)


class Pipeline:
    """Runs uploads, several at a time, each in a thread of its caller's."""

    def __init__(
        self,
        *,
        uploads: Uploads,
        stages: Stages,
        leases: Leases,
        clock: Clock,
        worker: str,
    ) -> None:
        self._uploads = uploads
        self._stages = stages
        self._leases = leases
        self._clock = clock
        self._by = f"worker:{worker}"
        self._attempts: dict[UUID, Attempt] = {}
        self._lock = Lock()

    def run(self, upload_id: UUID) -> None:
        """Run the upload, if it is due and nobody else does."""
        upload = self._uploads.get(upload_id)
        with structlog.contextvars.bound_contextvars(
            upload_id=str(upload_id), correlation_id=upload.correlation_id, attempt=upload.attempt + 1
        ):
            if not self._is_due(upload) or not self._leases.take(upload_id):
                log.debug("run.skipped")
                return
            try:
                self._run(upload_id)
            finally:
                self._leases.give_back(upload_id)

    def stop(self) -> None:
        """End every attempt under way; each goes on elsewhere, and none counts as a strike."""
        with self._lock:
            attempts = list(self._attempts.values())
        for attempt in attempts:
            try:
                attempt.stop_waiting()
                attempt.try_again(FailureCode.WORKER_STOPPED, self._clock())
                self._leases.give_back(attempt.upload_id)
            except DarkroomError as error:
                log.warning("run.not_handed_over", upload_id=str(attempt.upload_id), error=str(error))

    def _is_due(self, upload: Upload) -> bool:
        return not upload.ended and (upload.retry_at is None or upload.retry_at <= self._clock())

    def _run(self, upload_id: UUID) -> None:
        try:
            attempt = Attempt(self._uploads, self._uploads.start_attempt(upload_id, by=self._by), self._by)
        except AttemptsExhaustedError:
            self._uploads.give_up(upload_id, by=self._by)
            return
        except RefusedError as error:
            log.info("run.refused", reason=str(error))
            return
        with self._lock:
            self._attempts[upload_id] = attempt
        try:
            self._do(attempt)
        finally:
            with self._lock:
                del self._attempts[upload_id]

    def _do(self, attempt: Attempt) -> None:
        started = monotonic()
        log.info("attempt.started")
        try:
            self._stages.go_through(attempt)
            log.info("upload.complete", seconds=round(monotonic() - started, 2))
        except RefusedError as error:
            log.info("attempt.over", reason=str(error))  # cancelled, or another attempt has begun
        except LogUnavailableError:
            log.warning("attempt.left", reason="the event log is away")  # the reconciler finds it
        except Exception as error:  # noqa: BLE001 - whatever it is, the upload must not hang on it
            self._end_badly(attempt, error)

    def _end_badly(self, attempt: Attempt, error: Exception) -> None:
        try:
            match error:
                case PermanentError(code=code):
                    log.warning("upload.failed", stage=attempt.stage, code=code, detail=error.detail)
                    attempt.fail(code)
                case PassingError(code=code):
                    log.warning("attempt.failed", stage=attempt.stage, code=code, detail=error.detail)
                    attempt.try_again(code, self._clock() + self._wait(attempt.upload, error.retry_after or 0))
                case _:
                    log.error("attempt.broken", stage=attempt.stage, exc_info=error)
                    code = FailureCode.INTERNAL_ERROR
                    attempt.try_again(code, self._clock() + self._wait(attempt.upload, 0))
        except (RefusedError, LogUnavailableError) as refusal:
            log.warning("attempt.left", reason=str(refusal))

    @staticmethod
    def _wait(upload: Upload, asked: float) -> timedelta:
        begun = ATTEMPTS - upload.attempts_left
        growing = FIRST_WAIT_SECONDS * 4 ** max(begun - 1, 0) * random.uniform(0.75, 1.25)  # noqa: S311 - no secret
        return timedelta(seconds=max(growing, asked))
