"""The pipeline: load the upload, skip what is done, do each stage, advance or fail. The one loop of the workers.

    gate, lease -> AttemptStarted -> validating -> generating -> storing -> watermarking -> complete
                                          |            |            |            |
                                          +------------+-- a step's error -------+-> Failed, or AttemptFailed
                                                                                     and again at its retry_at

A run is safe to repeat: the answer of the image model is looked for before the model is asked, a stored picture is
recorded once, and an attempt that is no longer the upload's last can append nothing. An upload whose attempts were lost
runs in little company, for it may be what kills workers (gate.py). One that could only wait is put off: no attempt.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Condition, Lock
from time import monotonic
from typing import Final
from uuid import UUID

import structlog

from domain.errors import (
    AttemptsExhaustedError,
    LogUnavailableError,
    RefusedError,
    UnavailableError,
)
from domain.failures import NOT_COUNTED, FailureCode
from domain.ports import Clock, RunQueue
from domain.state import ATTEMPTS, LONGEST_WAIT
from domain.upload import Upload
from domain.uploads import Uploads
from workers.errors import PassingError, PermanentError
from workers.queue.leases import Lease, Leases
from workers.runs.attempt import Attempt, first_step
from workers.runs.cleanup import Cleanup
from workers.runs.gate import Gate
from workers.runs.stages import Stages

FIRST_WAIT_SECONDS: Final = 4.0
"""After a passing trouble; four times as long after each further one, give or take a quarter."""

log = structlog.get_logger(__name__)


class Pipeline:
    """Runs uploads, at most `max_runs` at a time, each in a thread of its caller's."""

    def __init__(
        self,
        *,
        uploads: Uploads,
        stages: Stages,
        leases: Leases,
        clock: Clock,
        worker: str,
        max_runs: int,
        queue: RunQueue,
    ) -> None:
        self._uploads = uploads
        self._stages = stages
        self._cleanup = Cleanup(uploads, stages)
        self._leases = leases
        self._clock = clock
        self._queue = queue
        self._by = f"worker:{worker}"
        self._gate = Gate(max_runs)
        self._present: set[UUID] = set()
        self._attempts: dict[UUID, Attempt] = {}
        self._lock = Lock()
        self._left = Condition(self._lock)

    def run(self, upload_id: UUID) -> None:
        """Run the upload, if it is due and no other run holds it."""
        upload = self._uploads.get(upload_id)
        with (
            structlog.contextvars.bound_contextvars(
                upload_id=str(upload_id), correlation_id=upload.correlation_id, attempt=upload.attempt + 1
            ),
            self._once(upload_id) as first,
        ):
            if not first or not self._is_due(upload) or self._is_put_off(upload):
                log.debug("run.skipped")
                return
            with self._gate.entered(upload.losses) as entered:
                if entered:
                    self._run_leased(upload_id, upload.losses)
                else:
                    self._queue.send(upload_id)  # this process stops, and another one can go on at once

    def stop_taking(self) -> None:
        """Begin no further run; those that wait at the gate are in the queue again."""
        self._gate.close()

    def wait_until_idle(self, seconds: float) -> bool:
        """Wait until no run is left in this process, at most this long. Whether none is left."""
        with self._left:
            return self._left.wait_for(lambda: not self._present, seconds)

    def stop(self) -> None:
        """End every attempt under way; each goes on elsewhere, and none counts as a failed attempt."""
        self.stop_taking()
        with self._lock:
            attempts = list(self._attempts.values())
        for attempt in attempts:
            attempt.stop_waiting()
        for attempt in attempts:
            try:
                attempt.try_again(FailureCode.WORKER_STOPPED, self._clock())
                attempt.give_back()
            except RefusedError as error:
                log.info("run.not_handed_over", upload_id=str(attempt.upload_id), reason=str(error))
            except UnavailableError as error:
                # Nor will it hear of the others: they go on when their leases have expired.
                log.warning("runs.not_handed_over", reason=str(error))
                return

    @contextmanager
    def _once(self, upload_id: UUID) -> Iterator[bool]:
        """Whether this is the only message of the upload that waits or runs in this process."""
        with self._lock:
            first = upload_id not in self._present
            self._present.add(upload_id)
        try:
            yield first
        finally:
            if first:
                with self._left:
                    self._present.remove(upload_id)
                    self._left.notify_all()

    def _is_due(self, upload: Upload) -> bool:
        # Skip uploads that another process holds; they are not suspected of crashing workers.
        return self._may_go_on(upload) and not (upload.running and self._leases.is_held(upload.id))

    def _may_go_on(self, upload: Upload) -> bool:
        if upload.ended or upload.retry_at is None:
            return not upload.ended
        now = self._clock()
        if not now < upload.retry_at <= now + LONGEST_WAIT:
            return True
        # The wait was measured by a clock that has stepped back: it would last longer by the step.
        return self._leases.is_set_back(upload.id)

    def _is_put_off(self, upload: Upload) -> bool:
        obstacle = None if upload.running else self._stages.obstacle(upload)
        if obstacle is None or obstacle.code not in NOT_COUNTED:
            return False
        log.info("upload.put_off", code=obstacle.code, detail=obstacle.detail)
        self._uploads.execute(
            upload.id, Upload.put_off, obstacle.code, self._clock() + self._wait(upload, obstacle), by=self._by
        )
        return True

    def _run_leased(self, upload_id: UUID, losses: int) -> None:
        lease = self._leases.take(upload_id)
        if lease is None:
            log.debug("run.skipped")
            return
        try:
            # Much may have happened while it waited at the gate.
            upload = self._uploads.get(upload_id)
            if self._may_go_on(upload) and upload.losses == losses:
                self._run(upload, lease)
        finally:
            self._give_back(lease)

    def _run(self, loaded: Upload, lease: Lease) -> None:
        upload_id = loaded.id
        try:
            upload = self._uploads.start_attempt(loaded, by=self._by, then=[first_step(self._by)])
        except AttemptsExhaustedError:
            self._uploads.execute(upload_id, Upload.give_up, by=self._by)
            return
        except RefusedError as error:
            log.info("run.refused", reason=str(error))
            return
        attempt = Attempt(self._uploads, upload, self._leases, lease, self._by)
        with self._lock:
            self._attempts[upload_id] = attempt
        try:
            self._do(attempt)
        finally:
            with self._lock:
                del self._attempts[upload_id]

    def _give_back(self, lease: Lease) -> None:
        try:
            self._leases.give_back(lease)
        except UnavailableError as error:
            log.warning("lease.not_given_back", error=str(error))  # it expires

    def _do(self, attempt: Attempt) -> None:
        started = monotonic()
        log.info("attempt.started")
        try:
            self._stages.go_through(attempt)
            log.info("upload.complete", seconds=round(monotonic() - started, 2))
        except RefusedError as error:
            log.info("attempt.over", reason=str(error))  # cancelled, erased, or another attempt has begun
            self._cleanup.take_away_if_erased(attempt.upload_id)
        except LogUnavailableError:
            log.warning("attempt.left", reason="the event log is away")  # the reconciler finds it
        except Exception as error:  # noqa: BLE001 - whatever it is, the upload must not hang on it
            self._end_badly(attempt, error)

    def _end_badly(self, attempt: Attempt, error: Exception) -> None:
        try:
            match error:
                case PermanentError(code=code):
                    log.warning("upload.failed", stage=attempt.stage, code=code, detail=error.detail)
                    attempt.fail(code, error.message)
                    self._cleanup.delete_object(attempt, error.object_to_delete)
                    self._cleanup.take_away_if_refused(attempt, code)
                case PassingError(code=code):
                    log.warning("attempt.failed", stage=attempt.stage, code=code, detail=error.detail)
                    attempt.try_again(code, self._clock() + self._wait(attempt.upload, error))
                    self._cleanup.delete_object(attempt, error.object_to_delete)
                case _:
                    log.error("attempt.broken", stage=attempt.stage, exc_info=error)
                    unknown = PassingError(FailureCode.INTERNAL_ERROR)
                    attempt.try_again(unknown.code, self._clock() + self._wait(attempt.upload, unknown))
        except RefusedError as refusal:
            log.warning("attempt.left", reason=str(refusal))
            self._cleanup.take_away_if_erased(attempt.upload_id)
        except LogUnavailableError as away:
            log.warning("attempt.left", reason=str(away))

    @staticmethod
    def _wait(upload: Upload, error: PassingError) -> timedelta:
        asked = error.retry_after or 0.0
        if error.code in NOT_COUNTED:
            return timedelta(seconds=asked)
        begun = ATTEMPTS - upload.attempts_left
        growing = FIRST_WAIT_SECONDS * 4 ** max(begun - 1, 0) * random.uniform(0.75, 1.25)  # noqa: S311 - no secret
        return timedelta(seconds=max(growing, asked))
