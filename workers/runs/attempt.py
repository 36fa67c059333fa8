"""One attempt: appends events to the upload of its run, and is refused once another attempt has begun.

A log that is away is waited for, as long as it takes: the work of a run is worth more than the wait, and no upload
fails because of it. Only an attempt that has lost its upload to the next one, or whose worker stops, gives up.

Each append costs a commit, and wakes every reader of the log. So what another step follows at once is noted, and
appended together with it. A worker that is lost before that has to repeat it, as whatever it was doing.
"""

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Final, TypeVar
from uuid import UUID

import structlog

from domain.errors import AttemptOverError, LogUnavailableError
from domain.events import Event, StoredImage
from domain.failures import FailureCode
from domain.stages import BANDS, Stage, rank
from domain.upload import Upload
from domain.uploads import Command, Uploads
from workers.imaging.jobs import Picture
from workers.queue.leases import Lease, Leases
from workers.runs.keeping import Kept

_T = TypeVar("_T")

PAUSE_SECONDS: Final = 0.5

log = structlog.get_logger(__name__)


def first_step(by: str) -> Command:
    """The command that goes with the start of an attempt: it brings a new upload to its first stage."""
    stage = Stage.VALIDATING
    return lambda upload: (
        None if upload.reached else upload.advance(stage, BANDS[stage][0], attempt=upload.attempt, by=by)
    )


class Attempt:
    """The attempt under way; its upload is as fresh as the last thing appended."""

    def __init__(self, uploads: Uploads, upload: Upload, leases: Leases, lease: Lease, by: str) -> None:
        self.upload = upload
        self.stage: Stage | None = upload.reached
        """The stage that is being worked on, reached or not."""
        self.clean: bytes | None = None
        """The clean copy, once this attempt has made it."""
        self.kept: Kept | None = None
        """The image model's answer, once this attempt has kept it or read it."""
        self.preview: Picture | None = None
        """The watermarked preview, once this attempt has made it."""
        self._uploads = uploads
        self.number = upload.attempt
        self._leases = leases
        self._lease = lease
        self._by = by
        self._stopping = threading.Event()
        self._noted: list[Command] = []

    @property
    def upload_id(self) -> UUID:
        """The upload's id."""
        return self.upload.id

    def advance(self, stage: Stage, progress: int) -> None:
        """Reach a stage, or move on within it; where the upload is further on already, that stays."""
        self.note_step(stage, progress)
        noted, self._noted = self._noted, []
        self._append(*noted)
        log.info("stage.advanced", stage=stage, progress=progress)

    def note_step(self, stage: Stage, progress: int) -> None:
        """Reach a stage with the next advance."""

        def advanced(upload: Upload) -> Event | None:
            if upload.running and upload.attempt == self.number and rank(upload.reached) > rank(stage):
                return None  # it was appended together with the next one, and the answer of that append was lost
            reached = max(progress, upload.progress) if stage is upload.reached else progress
            return upload.advance(stage, reached, attempt=self.number, by=self._by)

        self._noted.append(advanced)

    def note_result(self, result_id: UUID, model: str, full: StoredImage) -> None:
        """Record the full image with the next advance."""

        def stored(upload: Upload) -> Event | None:
            if upload.result and upload.result.result_id == result_id:
                return None  # as above
            return upload.store_result(result_id, model, full, attempt=self.number, by=self._by)

        self._noted.append(stored)

    def note_preview(self, preview: StoredImage) -> None:
        """Record the watermarked preview with the next advance."""
        number, by = self.number, self._by
        self._noted.append(lambda upload: upload.store_preview(preview, attempt=number, by=by))

    def fail(self, code: FailureCode, message: str | None = None) -> None:
        """End the upload in failure; with a message of its own, or the code's."""
        stage, number, by = self.stage, self.number, self._by
        self._append(lambda upload: upload.fail(code, message, stage=stage, attempt=number, by=by))

    def try_again(self, code: FailureCode, retry_at: datetime) -> None:
        """End the attempt; the next one may begin at that time."""
        stage, number, by = self.stage, self.number, self._by
        self._append(lambda upload: upload.fail_attempt(code, retry_at, stage=stage, attempt=number, by=by))

    def assure(self) -> None:
        """Return if the upload is this attempt's, and for some seconds to come. Raises AttemptOverError."""
        if not self.patiently(lambda: self._leases.is_ours(self._lease)):
            raise AttemptOverError("Another run has taken the upload.")

    def give_back(self) -> None:
        """Let go of the upload."""
        self._leases.give_back(self._lease)

    def stop_waiting(self) -> None:
        """From now on a log that is away is an error at once."""
        self._stopping.set()

    def pause(self, seconds: float) -> None:
        """Wait with what is held. Raises AttemptOverError if there is nothing to wait for."""
        if self._stopping.wait(seconds):
            raise AttemptOverError("Its worker stops.")
        if self._lease.lost.is_set():
            raise AttemptOverError("Another run has taken the upload.")

    def patiently(self, command: Callable[[], _T]) -> _T:
        """The command's result, if needed after a wait for the log. Raises AttemptOverError, LogUnavailableError."""
        while True:
            if self._lease.lost.is_set():
                raise AttemptOverError("Another run has taken the upload.")
            try:
                return command()
            except LogUnavailableError:
                if self._stopping.wait(PAUSE_SECONDS):
                    raise

    def _append(self, *commands: Command) -> None:
        self.upload = self.patiently(lambda: self._uploads.go_on(self.upload, commands))
