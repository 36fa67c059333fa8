"""What each stage does: pictures out of the object storage, through its step, and back; then the attempt is told.

A stage is safe to repeat. It finds what an earlier attempt has stored and goes on from there.
"""

from collections.abc import Callable
from uuid import UUID, uuid4

import msgspec

from domain.errors import BlobNotFoundError, StorageRefusedError, StorageUnavailableError
from domain.failures import FailureCode
from domain.ports import BlobStore
from domain.stages import BANDS, Stage, rank
from workers.attempt import Attempt
from workers.errors import PassingError, PermanentError
from workers.imaging.jobs import Picture
from workers.imaging.sandbox import Sandbox
from workers.keeping import JPEG, answer_key, clean_key, keep, keep_picture, original_key
from workers.progress import progress_shown
from workers.steps.generating import generate
from workers.steps.storing import finish
from workers.steps.validating import Accepted, validate
from workers.steps.watermarking import preview
from workers.vision.model import Answer, ImageModel


class Stages:
    """The stages in their order, over one storage and one image model."""

    def __init__(self, *, blobs: BlobStore, model: ImageModel, sandbox: Sandbox, accepted: Accepted) -> None:
        self._blobs = blobs
        self._model = model
        self._sandbox = sandbox
        self._accepted = accepted
        self._in_order: tuple[tuple[Stage, Callable[[Attempt], None]], ...] = (
            (Stage.VALIDATING, self.validate),
            (Stage.GENERATING, self.generate),
            (Stage.STORING, self.store),
            (Stage.WATERMARKING, self.watermark),
        )

    def go_through(self, attempt: Attempt) -> None:
        """Do every stage that is not done, to complete. Raises StepError."""
        for stage, do in self._in_order:
            if rank(stage) >= rank(attempt.upload.reached):
                attempt.stage = stage
                try:
                    do(attempt)
                except StorageRefusedError as error:
                    raise PermanentError(FailureCode.STORAGE_REFUSED, str(error)) from error
                except (StorageUnavailableError, BlobNotFoundError) as error:
                    raise PassingError(FailureCode.STORAGE_UNAVAILABLE, str(error)) from error
        attempt.advance(Stage.COMPLETE, 100)

    def validate(self, attempt: Attempt) -> None:
        """Make the clean copy of the original."""
        attempt.advance(Stage.VALIDATING, 10)
        try:
            original = self._blobs.get(original_key(attempt.upload))
        except BlobNotFoundError as error:
            raise PermanentError(FailureCode.ORIGINAL_MISSING, str(error)) from error
        clean = validate(original, self._sandbox, self._accepted)
        keep(self._blobs, clean_key(attempt.upload_id), clean.jpeg, JPEG)

    def generate(self, attempt: Attempt) -> None:
        """Have the picture made, and keep the answer: nobody pays for it twice."""
        attempt.advance(Stage.GENERATING, BANDS[Stage.GENERATING][0])
        if self._kept_answer(attempt.upload_id) is None:
            clean = self._blobs.get(clean_key(attempt.upload_id))
            with progress_shown(attempt, self._model.expected_seconds):
                answer = generate(clean, attempt.upload.prompt_version, self._model)
                # Paid for: nothing may happen before it is kept.
                keep(self._blobs, answer_key(attempt.upload_id), msgspec.msgpack.encode(answer), "application/msgpack")
        attempt.advance(Stage.GENERATING, BANDS[Stage.GENERATING][-1])

    def store(self, attempt: Attempt) -> None:
        """Make the full image of the answer, store and record it."""
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

    def watermark(self, attempt: Attempt) -> None:
        """Make the preview of the full image, store and record it."""
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
