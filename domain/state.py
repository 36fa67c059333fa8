"""The state of an upload: what its events add up to, and what follows from that alone."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct

from domain.events import StoredImage
from domain.failures import NEEDS_NEW_PHOTO, FailureCode
from domain.objects import Expiry
from domain.stages import COMPLETE, Stage, Status, status_of

ATTEMPTS: Final = 3
"""How many failed attempts, and how many lost ones in a row, end an upload. A retry starts both counts again."""
LONGEST_WAIT: Final = timedelta(hours=1)
"""No attempt waits longer for its time. A retry_at that is further from its event was measured by two clocks."""


class Result(Struct, frozen=True, gc=False):
    """The finished picture: the full image and, once it is made, its watermarked preview."""

    result_id: UUID
    model: str
    full: StoredImage
    preview: StoredImage | None = None


class UploadState(Struct, frozen=True, gc=False, kw_only=True):
    """The state of one upload."""

    id: UUID
    version: int
    session_hash: str
    correlation_id: str
    original_sha256: str
    original_size: int
    prompt_version: int
    reached: Stage | None = None  # the last stage of the pipeline that was reached, also after a failure
    progress: int = 0
    attempt: int = 0
    attempts_left: int = ATTEMPTS  # the running attempt is already subtracted
    lost: int = 0  # attempts in a row whose worker was lost, without a new stage
    running: bool = False  # an attempt has started and has not ended
    retry_at: datetime | None = None
    waiting_for: FailureCode | None = None  # why no attempt is running
    failed_stage: Stage | None = None
    error_code: FailureCode | None = None
    error_message: str | None = None
    result: Result | None = None
    expired: Expiry | None = None  # which objects are deleted because their time is over

    @property
    def stage(self) -> Stage | None:
        """The stage that clients see: the one reached, or `failed`."""
        return Stage.FAILED if self.error_code else self.reached

    @property
    def status(self) -> Status:
        """The status of the stage."""
        return status_of(self.stage)

    @property
    def ended(self) -> bool:
        """Whether the upload is complete or failed."""
        return self.error_code is not None or self.reached is COMPLETE

    @property
    def erased(self) -> bool:
        """Whether its photo and pictures were deleted; no session owns it then."""
        return not self.session_hash

    @property
    def can_retry(self) -> bool:
        """Whether a failed upload has what another try needs: its photo, and a failure that another try can avoid."""
        return self.error_code not in NEEDS_NEW_PHOTO and not self.expired and not self.erased

    @property
    def losses(self) -> int:
        """The lost attempts in a row, if the worker of the running attempt is lost too."""
        return self.lost + self.running
