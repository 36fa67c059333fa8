"""The pipeline: load the upload, skip what is done, do each stage, advance or fail. The one loop of the workers.

    take the lease -> AttemptStarted -> validating -> generating -> storing -> watermarking -> complete
                                             |            |            |            |
                                             +------------+-- a step's error -------+-> Failed, or AttemptFailed
                                                                                        and again at its retry_at

A run is safe to repeat: the answer of the image model is looked for before the model is asked, a stored picture is
recorded once, and an attempt that is no longer the upload's last can append nothing.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from datetime import timedelta
from threading import Event, Lock, Thread
from time import monotonic
from typing import Final
from uuid import UUID, uuid4

import msgspec
import structlog

from domain.errors import (
    AttemptsExhaustedError,
    BlobNotFoundError,
    DarkroomError,
    LogUnavailableError,
    RefusedError,
    StorageRefusedError,
    StorageUnavailableError,
)
from domain.failures import FailureCode
from domain.ports import BlobStore, Clock
from domain.stages import BANDS, Stage, rank
from domain.upload import ATTEMPTS, Upload
from domain.uploads import Uploads
from workers.attempt import Attempt
from workers.errors import PassingError, PermanentError
from workers.imaging.jobs import Picture
from workers.imaging.sandbox import Sandbox
from workers.keeping import JPEG, answer_key, clean_key, keep, keep_picture, original_key
from workers.leases import Leases
from workers.steps.generating import generate, progress_after
from workers.steps.storing import finish
from workers.steps.validating import Accepted, validate
from workers.steps.watermarking import preview
from workers.vision.model import Answer, ImageModel

FIRST_WAIT_SECONDS: Final = 4.0
"""After a passing trouble; four times as long after each further one, give or take a quarter."""
TICK_SECONDS: Final = 0.5
TICK_PROGRESS: Final = 5
"""Progress within generating is appended when it has grown by so much: a handful of events an upload."""

log = structlog.get_logger(__name__)


class Pipeline:
    """Runs uploads, several at a time, each in a thread of its caller's."""

    def __init__(
        self,
        *,
        uploads: Uploads,
        blobs: BlobStore,
        model: ImageModel,
        sandbox: Sandbox,
        accepted: Accepted,
        leases: Leases,
        clock: Clock,
        worker: str,
    ) -> None:
        self._uploads = uploads
        self._blobs = blobs
        self._model = model
        self._sandbox = sandbox
        self._accepted = accepted
        self._leases = leases
        self._clock = clock
        self._by = f"worker:{worker}"
        self._attempts: dict[UUID, Attempt] = {}
        self._lock = Lock()
        self._stages: tuple[tuple[Stage, Callable[[Attempt], None]], ...] = (
            (Stage.VALIDATING, self._validate),
            (Stage.GENERATING, self._generate),
            (Stage.STORING, self._store),
            (Stage.WATERMARKING, self._watermark),
        )

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
            self._go_through_stages(attempt)
            log.info("upload.complete", seconds=round(monotonic() - started, 2))
        except RefusedError as error:
            log.info("attempt.over", reason=str(error))  # cancelled, or another attempt has begun
        except LogUnavailableError:
            log.warning("attempt.left", reason="the event log is away")  # the reconciler finds it
        except Exception as error:  # noqa: BLE001 - whatever it is, the upload must not hang on it
            self._end_badly(attempt, error)

    def _go_through_stages(self, attempt: Attempt) -> None:
        for stage, step in self._stages:
            if rank(stage) >= rank(attempt.upload.reached):
                attempt.stage = stage
                try:
                    step(attempt)
                except StorageRefusedError as error:
                    raise PermanentError(FailureCode.STORAGE_REFUSED, str(error)) from error
                except (StorageUnavailableError, BlobNotFoundError) as error:
                    raise PassingError(FailureCode.STORAGE_UNAVAILABLE, str(error)) from error
        attempt.advance(Stage.COMPLETE, 100)

    def _validate(self, attempt: Attempt) -> None:
        attempt.advance(Stage.VALIDATING, 10)
        try:
            original = self._blobs.get(original_key(attempt.upload))
        except BlobNotFoundError as error:
            raise PermanentError(FailureCode.ORIGINAL_MISSING, str(error)) from error
        clean = validate(original, self._sandbox, self._accepted)
        keep(self._blobs, clean_key(attempt.upload_id), clean.jpeg, JPEG)

    def _generate(self, attempt: Attempt) -> None:
        attempt.advance(Stage.GENERATING, BANDS[Stage.GENERATING][0])
        if self._kept_answer(attempt.upload_id) is None:
            clean = self._blobs.get(clean_key(attempt.upload_id))
            with _progress_shown(attempt, self._model.expected_seconds):
                answer = generate(clean, attempt.upload.prompt_version, self._model)
                # Paid for: nothing may happen before it is kept.
                keep(self._blobs, answer_key(attempt.upload_id), msgspec.msgpack.encode(answer), "application/msgpack")
        attempt.advance(Stage.GENERATING, BANDS[Stage.GENERATING][-1])

    def _store(self, attempt: Attempt) -> None:
        if attempt.upload.result is None:
            answer = self._kept_answer(attempt.upload_id)
            if answer is None:
                raise PassingError(FailureCode.STORAGE_UNAVAILABLE, "the image model's answer is gone from the storage")
            full = self._finished(attempt.upload_id, answer)
            stored = keep_picture(self._blobs, attempt.upload_id, "full", full)
            attempt.store_result(uuid4(), answer.model, stored)
        attempt.advance(Stage.STORING, 80)

    def _finished(self, upload_id: UUID, answer: Answer) -> Picture:
        try:
            return finish(answer, self._sandbox)
        except PermanentError:
            # An answer that is no picture is worth nothing: a retry has to ask again.
            self._blobs.delete(answer_key(upload_id))
            raise

    def _watermark(self, attempt: Attempt) -> None:
        attempt.advance(Stage.WATERMARKING, 90)
        result = attempt.upload.result
        if result and result.preview is None:
            picture = preview(self._blobs.get(result.full.key), self._sandbox)
            attempt.store_preview(keep_picture(self._blobs, attempt.upload_id, "preview", picture))

    def _kept_answer(self, upload_id: UUID) -> Answer | None:
        try:
            return msgspec.msgpack.decode(self._blobs.get(answer_key(upload_id)), type=Answer)
        except BlobNotFoundError:
            return None

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


@contextmanager
def _progress_shown(attempt: Attempt, expected_seconds: float) -> Iterator[None]:
    """Move the upload on within generating while the call is under way."""
    done = Event()
    # In a copy of our context, so that its log lines carry the upload's id.
    arguments = (_tick, attempt, expected_seconds, done)
    ticker = Thread(target=copy_context().run, args=arguments, name="ticker", daemon=True)
    ticker.start()
    try:
        yield
    finally:
        done.set()
        ticker.join()


def _tick(attempt: Attempt, expected_seconds: float, done: Event) -> None:
    started = monotonic()
    while not done.wait(TICK_SECONDS):
        progress = progress_after(monotonic() - started, expected_seconds) // TICK_PROGRESS * TICK_PROGRESS
        if progress > attempt.upload.progress:
            try:
                attempt.advance(Stage.GENERATING, progress)
            except DarkroomError:
                return  # the call goes on; whoever appends next meets the same trouble and deals with it
