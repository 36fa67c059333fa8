"""Deletes the objects that nothing needs any more once an attempt has ended badly.

A storage that does not answer costs the upload nothing: the object stays, and the log line names it.
"""

from typing import Final
from uuid import UUID

import structlog

from domain.errors import StorageRefusedError, UnavailableError
from domain.failures import NEEDS_NEW_PHOTO, FailureCode
from domain.objects import Expiry
from domain.stages import Stage
from domain.uploads import Uploads
from workers.runs.attempt import Attempt
from workers.runs.stages import Stages

log = structlog.get_logger(__name__)


class Cleanup:
    """Takes away what an ended attempt leaves."""

    def __init__(self, uploads: Uploads, stages: Stages) -> None:
        self._uploads: Final = uploads
        self._stages: Final = stages

    def delete_object(self, attempt: Attempt, key: str | None) -> None:
        """Delete the object that the failed stage named, if the upload has failed."""
        # Not before: until then an attempt that finds nothing there would pay for another one.
        if key is None or not attempt.upload.ended:
            return
        try:
            self._stages.discard(key)
        except (UnavailableError, StorageRefusedError) as error:
            log.warning("object.not_discarded", key=key, reason=str(error))

    def take_away_if_refused(self, attempt: Attempt, code: FailureCode) -> None:
        """Delete a photo that cannot be opened: no retry can help. One that the model declined stays."""
        if code not in NEEDS_NEW_PHOTO or attempt.stage is not Stage.VALIDATING:
            return
        try:
            self._stages.take_away(attempt.upload_id)
        except (UnavailableError, StorageRefusedError) as error:
            log.warning("photo.not_taken_away", reason=str(error))

    def take_away_if_erased(self, upload_id: UUID) -> None:
        """Delete what the attempt stored after everything of an erased or expired upload was deleted."""
        try:
            upload = self._uploads.get(upload_id)
            if upload.erased or upload.expired is Expiry.EVERYTHING:
                self._stages.take_away(upload_id)
        except (UnavailableError, StorageRefusedError) as error:
            log.warning("upload.not_taken_away", reason=str(error))  # `darkroom verify` finds it
