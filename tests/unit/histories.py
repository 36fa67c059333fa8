"""Builders for the tests of the aggregate: an upload and its history, as given-when-then needs them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import reduce
from uuid import UUID

from domain.events import Event, StageAdvanced, StoredImage
from domain.failures import FailureCode
from domain.fold import evolve
from domain.stages import PIPELINE, Stage
from domain.upload import Upload

UPLOAD_ID = UUID("6f1c2c1e-6a43-4c6e-9d0a-0f7f2f8f1d11")
RESULT_ID = UUID("0b0f6d1c-9d0e-4a53-8a58-5b1f6f0a7c22")
LATER = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
FULL = StoredImage(f"{UPLOAD_ID}/full-aa.jpg", "a" * 64, 1000, 640, 480, "image/jpeg")
PREVIEW = StoredImage(f"{UPLOAD_ID}/preview-bb.jpg", "b" * 64, 500, 320, 240, "image/jpeg")
PROGRESS = {
    Stage.VALIDATING: 10,
    Stage.GENERATING: 30,
    Stage.STORING: 80,
    Stage.WATERMARKING: 90,
    Stage.COMPLETE: 100,
}


class History:
    """An upload's events so far; each method runs one command and appends what it answers."""

    def __init__(self) -> None:
        submitted = Upload.submit(
            UPLOAD_ID,
            by="session:abc",
            correlation_id="c-1",
            session_hash="e" * 64,
            original_sha256="f" * 64,
            original_size=123,
            prompt_version=1,
        )
        self.events: list[Event] = [submitted]
        self.upload = evolve(None, submitted)

    def then(self, *events: Event | None) -> "History":
        """Append what a command answered."""
        new: Sequence[Event] = [event for event in events if event]
        self.events += new
        self.upload = reduce(evolve, new, self.upload)
        return self

    def started(self) -> "History":
        """Begin an attempt."""
        return self.then(self.upload.start_attempt(by="worker:w"))

    def advanced(self, stage: Stage, progress: int | None = None) -> "History":
        """Advance the attempt under way."""
        progress = PROGRESS[stage] if progress is None else progress
        return self.then(self.upload.advance(stage, progress, attempt=self.upload.attempt, by="worker:w"))

    def result(self) -> "History":
        """Record the full image."""
        attempt = self.upload.attempt
        return self.then(self.upload.store_result(RESULT_ID, "local/test", FULL, attempt=attempt, by="worker:w"))

    def preview(self) -> "History":
        """Record the preview."""
        return self.then(self.upload.store_preview(PREVIEW, attempt=self.upload.attempt, by="worker:w"))

    def reached(self, stage: Stage) -> "History":
        """Start an attempt and go through every stage up to this one."""
        self.started()
        for step in PIPELINE[: PIPELINE.index(stage) + 1]:
            if step is Stage.STORING:
                self.result()
            if step is Stage.COMPLETE:
                self.preview()
            self.advanced(step)
        return self

    def failed(self, code: FailureCode = FailureCode.NO_IMAGE_GENERATED) -> "History":
        """End in failure."""
        upload = self.upload
        return self.then(upload.fail(code, stage=upload.reached, attempt=upload.attempt, by="worker:w"))

    def attempt_failed(self, code: FailureCode = FailureCode.GENERATION_UNAVAILABLE) -> "History":
        """End the attempt for a passing trouble."""
        upload = self.upload
        event = upload.fail_attempt(code, LATER, stage=upload.reached, attempt=upload.attempt, by="worker:w")
        return self.then(event)

    def put_off(self, code: FailureCode = FailureCode.GENERATION_PAUSED) -> "History":
        """Let the next attempt wait."""
        return self.then(self.upload.put_off(code, LATER, by="worker:w"))


def submitted() -> History:
    """An upload that was just submitted."""
    return History()


def advance(history: History, stage: Stage, progress: int) -> StageAdvanced | None:
    return history.upload.advance(stage, progress, attempt=history.upload.attempt, by="worker:w")
