"""The errors of the domain: what is refused, and what is unavailable.

DarkroomError
├── UploadNotFoundError         no such upload, or another session's
├── ResultNotFoundError         no such result, or another session's
├── ResultExpiredError          the result is deleted, because its time is over
├── IdempotencyConflictError    an idempotency key that was used with another body
├── RefusedError                the invariants of the upload forbid the command
│   ├── UploadEndedError        complete is final; only a retry follows failed
│   ├── StageRegressionError    a stage never goes back
│   ├── StageSkippedError       a stage follows the stage directly before it
│   ├── ProgressRegressionError progress never falls
│   ├── ProgressOutOfBandError  progress outside 0-100 or outside the band of its stage
│   ├── ResultMissingError      complete needs a stored result and its preview
│   ├── ResultStoredError       a result is recorded once, after generating
│   ├── AttemptOverError        only the current attempt may append
│   ├── AttemptsExhaustedError  no further attempt without a retry
│   ├── NotFailedError          only a failed upload can be retried
│   ├── NeedsNewPhotoError      a retry with this photo would fail again
│   ├── PhotoExpiredError       a retry needs the photo, and its time is over
│   ├── StaffNameTakenError     a name of staff is given once
│   ├── BulkActionStateError    a bulk action is carried out once, and in time
│   └── StaffRevokedError       a revoked staff member stays revoked
├── StaffNotFoundError          no staff member has this name
├── FailureGroupNotFoundError   no failures form such a group
├── BulkActionNotFoundError     no bulk action has this id
├── StaffLimitError             one person did as much as an hour allows
├── ReasonError                 staff act with a reason, and this is none
├── BlobNotFoundError           the object storage has no such object
├── StorageRefusedError         the object storage refused, and would refuse again
├── HistoryError                the events of an upload do not follow each other
└── UnavailableError            a dependency does not answer now; try again later
    ├── LogUnavailableError
    │   └── LogUnreachedError
    ├── QueueUnavailableError
    └── StorageUnavailableError

The class docstring is the default message, written for the person who reads it.
"""


class DarkroomError(Exception):
    """Something went wrong in Darkroom."""

    def __init__(self, message: str | None = None) -> None:
        self.message = message or (type(self).__doc__ or "").strip()
        super().__init__(self.message)


class UploadNotFoundError(DarkroomError):
    """There is no such upload in this session."""


class ResultNotFoundError(DarkroomError):
    """There is no such result in this session."""


class ResultExpiredError(DarkroomError):
    """This picture was kept for its time and is deleted now. Please upload the photo again to get a new one."""


class IdempotencyConflictError(DarkroomError):
    """This idempotency key was used with another photo. Send a new key with a new photo."""


class RefusedError(DarkroomError):
    """The upload's state does not allow this."""


class UploadEndedError(RefusedError):
    """This upload has ended: nothing can follow."""


class StageRegressionError(RefusedError):
    """A stage never goes back."""


class StageSkippedError(RefusedError):
    """A stage is reached only from the one before it."""


class ProgressRegressionError(RefusedError):
    """Progress never falls."""


class ProgressOutOfBandError(RefusedError):
    """This progress lies outside of its stage's band."""


class ResultMissingError(RefusedError):
    """An upload is complete only with a stored result and its preview."""


class ResultStoredError(RefusedError):
    """This result has been recorded already."""


class AttemptOverError(RefusedError):
    """This attempt is over: another one has begun, or none is under way."""


class AttemptsExhaustedError(RefusedError):
    """This upload has used up its attempts."""


class NotFailedError(RefusedError):
    """Only a failed upload can be retried."""


class NeedsNewPhotoError(RefusedError):
    """Another try with this photo cannot help. Please upload another one."""


class PhotoExpiredError(RefusedError):
    """The photo was kept for its time and is deleted now. Please upload it again."""


class StaffNameTakenError(RefusedError):
    """This name of a staff member is taken. A name is given once, because events contain it. Choose another one."""


class BulkActionStateError(RefusedError):
    """This bulk action was carried out already, has ended, or is too old."""


class StaffRevokedError(RefusedError):
    """This staff member is revoked, and stays so. Add the person again under another name."""


class StaffNotFoundError(DarkroomError):
    """There is no staff member of this name. `darkroom staff list` shows them."""


class FailureGroupNotFoundError(DarkroomError):
    """There is no such group of failures. GET /api/support/failures lists them."""


class BulkActionNotFoundError(DarkroomError):
    """There is no such bulk action. GET /api/support/bulk lists the latest."""


class StaffLimitError(DarkroomError):
    """You have acted on as many uploads as one person may in an hour. See STAFF_ACTIONS_PER_HOUR."""

    def __init__(self, wanted: int = 1, done: int = 0, most: int = 0, retry_after: int = 60) -> None:
        self.retry_after = retry_after
        self.wanted, self.done, self.most = wanted, done, most
        told = f"You have acted on {done} uploads within an hour, and want to act on {wanted} more. At most {most} are"
        super().__init__(f"{told} allowed for one person (STAFF_ACTIONS_PER_HOUR)." if most else None)


class ReasonError(DarkroomError):
    """Give a reason: {"reason": "..."}, one sentence that your colleagues will understand in a year."""


class BlobNotFoundError(DarkroomError):
    """The object storage has no such object."""


class StorageRefusedError(DarkroomError):
    """The object storage refused, and will refuse again until its settings are corrected."""


class UnavailableError(DarkroomError):
    """A part of the service does not answer at the moment. Please try again."""


class HistoryError(DarkroomError, ValueError):
    """This upload cannot be read at the moment."""

    # It is no UnavailableError: that stops a scan or a reader of all uploads, and this is the trouble of one.


class LogUnavailableError(UnavailableError):
    """The event log does not answer at the moment. Please try again."""


class LogUnreachedError(LogUnavailableError):
    """The event log does not answer at the moment. Please try again."""

    # The statement was never sent, so nothing can have been appended.


class QueueUnavailableError(UnavailableError):
    """The queue does not answer at the moment. Please try again."""


class StorageUnavailableError(UnavailableError):
    """The object storage does not answer at the moment. Please try again."""
