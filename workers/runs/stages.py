"""What each stage does: reads from the object storage, runs its step, stores the outcome and appends the event.

A stage is safe to repeat. It finds what an earlier attempt has stored and goes on from there.
"""

import random
from collections.abc import Callable
from hashlib import sha256
from typing import Final
from uuid import UUID, uuid4

import structlog

from domain.errors import BlobNotFoundError, StorageRefusedError, StorageUnavailableError
from domain.failures import FailureCode
from domain.objects import clean_key, original_key
from domain.ports import BlobStore
from domain.stages import BANDS, Stage, rank
from domain.upload import Upload
from workers.errors import NotHeldError, PassingError, PermanentError
from workers.imaging.jobs import Finished
from workers.imaging.sandbox import Sandbox
from workers.runs.attempt import Attempt
from workers.runs.calls import Calls
from workers.runs.keeping import (
    JPEG,
    Kept,
    find_answer,
    keep,
    keep_answer,
    keep_picture,
    kept_answer,
    take_away,
)
from workers.runs.progress import progress_shown
from workers.steps.generating import generate
from workers.steps.storing import finish
from workers.steps.validating import Accepted, validate
from workers.steps.watermarking import preview
from workers.vision.model import Answer, ImageModel

GENERATED: Final = BANDS[Stage.GENERATING][-1]
"""The progress that says that the answer is kept."""
HOLD_SECONDS: Final = (1, 4, 16)
"""Between two tries to keep an answer, whatever is wrong; the next attempt would have to pay for another one."""

log = structlog.get_logger(__name__)


class Stages:
    """The stages in their order, over one storage and one image model; without `calls` its calls cost nothing."""

    def __init__(
        self,
        *,
        blobs: BlobStore,
        model: ImageModel,
        sandbox: Sandbox,
        accepted: Accepted,
        calls: Calls | None = None,
    ) -> None:
        self._blobs = blobs
        self._model = model
        self._sandbox = sandbox
        self._accepted = accepted
        self._calls = calls
        self._in_order: tuple[tuple[Stage, Callable[[Attempt], None]], ...] = (
            (Stage.VALIDATING, self.validate),
            (Stage.GENERATING, self.generate),
            (Stage.STORING, self.store),
            (Stage.WATERMARKING, self.watermark),
        )

    def obstacle(self, upload: Upload) -> PassingError | None:
        """What would keep an attempt from its call of the image model just now. Raises LogUnavailableError."""
        if self._calls is None or upload.progress >= GENERATED:
            return None
        return self._calls.refusal(upload.id)

    def go_through(self, attempt: Attempt) -> None:
        """Do every stage that is not done, to complete. Raises StepError."""
        for stage, do in self._in_order:
            if rank(stage) >= rank(attempt.upload.reached):
                attempt.stage = stage
                try:
                    do(attempt)
                except StorageRefusedError as error:
                    raise PermanentError(FailureCode.STORAGE_REFUSED, str(error)) from error
                except NotHeldError as error:
                    raise PassingError(
                        FailureCode.STORAGE_UNAVAILABLE, str(error), object_to_delete=error.key
                    ) from error
                except (StorageUnavailableError, BlobNotFoundError) as error:
                    raise PassingError(FailureCode.STORAGE_UNAVAILABLE, str(error)) from error
        attempt.advance(Stage.COMPLETE, 100)

    def take_away(self, upload_id: UUID) -> None:
        """Delete what is stored of an erased upload. Raises UnavailableError, StorageRefusedError."""
        take_away(self._blobs, upload_id)

    def discard(self, key: str) -> None:
        """Delete what a failed upload's retry must not find. Raises UnavailableError, StorageRefusedError."""
        self._blobs.delete(key)

    def validate(self, attempt: Attempt) -> None:
        """Make the clean copy of the original. The attempt began with this stage reached."""
        attempt.clean = self._developed(attempt)

    def _developed(self, attempt: Attempt) -> bytes:
        try:
            original = self._blobs.get(original_key(attempt.upload_id, attempt.upload.original_sha256))
        except BlobNotFoundError as error:
            raise PermanentError(FailureCode.ORIGINAL_MISSING, str(error)) from error
        if sha256(original).hexdigest() != attempt.upload.original_sha256:
            # The storage's fault and not the photo's: its owner must not be told that it is damaged.
            raise PassingError(FailureCode.ORIGINAL_MISSING, "the storage does not hold the photo as it was taken in")
        clean = validate(original, self._sandbox, self._accepted)
        keep(self._blobs, clean_key(attempt.upload_id), clean.jpeg, JPEG)
        return clean.jpeg

    def generate(self, attempt: Attempt) -> None:
        """Have the picture made and keep the answer, so that it is paid for once."""
        attempt.advance(Stage.GENERATING, BANDS[Stage.GENERATING][0])
        key = find_answer(self._blobs, attempt.upload_id)
        if key is None:
            # What another attempt has kept is not read back: nothing tells whether the storage gives it as it was, and
            # the same original, whose digest is known, gives the same copy.
            clean = attempt.clean or self._developed(attempt)
            self._model.prepare()
            with progress_shown(attempt, self._model.expected_seconds):
                self._call(attempt, clean)
        elif attempt.upload.progress < GENERATED:
            # An attempt that died may have left a half of it there.
            attempt.kept = kept_answer(self._blobs, attempt.upload_id, key)
        attempt.advance(Stage.GENERATING, GENERATED)

    def _call(self, attempt: Attempt, clean: bytes) -> None:
        if self._calls is None:
            self._ask(attempt, clean)
            return
        calls = self._calls
        probe = attempt.patiently(lambda: calls.admit(attempt.upload_id, attempt.number))
        # Nothing that takes time may come between this and the call: a run that was frozen finds out here that the
        # upload is another's, and pays nothing.
        attempt.assure()
        with calls.judged(probe):
            self._ask(attempt, clean)

    def _ask(self, attempt: Attempt, clean: bytes) -> None:
        answer = generate(clean, attempt.upload.prompt_version, self._model)
        # Paid for: nothing may happen before it is kept.
        self._keep(attempt, answer)

    def _keep(self, attempt: Attempt, answer: Answer) -> None:
        """Keep the answer, if needed after a wait, or fail for good: a next attempt would pay once more."""
        for seconds in (*HOLD_SECONDS, None):
            try:
                attempt.kept = keep_answer(self._blobs, attempt.upload_id, answer)
            except StorageRefusedError:
                raise
            except Exception as error:
                if seconds is None:
                    object_to_delete = error.key if isinstance(error, NotHeldError) else None
                    raise PermanentError(
                        FailureCode.STORAGE_UNAVAILABLE, repr(error), object_to_delete=object_to_delete
                    ) from error
                log.warning("answer.held", seconds=seconds, error=repr(error))
                attempt.pause(seconds * random.uniform(0.75, 1.25))  # noqa: S311 - no secret
            else:
                return

    def store(self, attempt: Attempt) -> None:
        """Make the full image of the answer, and the preview with it; store and record the full image."""
        if attempt.upload.result is None:
            kept, attempt.kept = attempt.kept or self._kept(attempt.upload_id), None
            finished = self._finished(kept)
            attempt.preview = finished.preview
            stored = keep_picture(self._blobs, attempt.upload_id, "full", finished.full)
            attempt.note_result(uuid4(), kept.answer.model, stored)
        attempt.note_step(Stage.STORING, 80)

    def _kept(self, upload_id: UUID) -> Kept:
        key = find_answer(self._blobs, upload_id)
        if key is None:
            raise PassingError(FailureCode.STORAGE_UNAVAILABLE, "the image model's answer is gone from the storage")
        return kept_answer(self._blobs, upload_id, key)

    def _finished(self, kept: Kept) -> Finished:
        try:
            return finish(kept.answer, self._sandbox)
        except PermanentError as error:
            error.object_to_delete = kept.key  # a retry has to ask again
            raise

    def watermark(self, attempt: Attempt) -> None:
        """Store and record the preview; if another attempt has stored the full image, make it of that."""
        attempt.advance(Stage.WATERMARKING, 90)
        result = attempt.upload.result
        if result and result.preview is None:
            picture = attempt.preview or preview(self._blobs.get(result.full.key), self._sandbox)
            attempt.note_preview(keep_picture(self._blobs, attempt.upload_id, "preview", picture))
