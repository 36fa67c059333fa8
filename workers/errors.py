"""The errors of a step, by what the run should do about each. Knows no upload and no log.

StepError
├── PermanentError      the upload fails for good
└── PassingError        the same step may work later
    └── ExhaustedError  a picture's child process used up its memory or time, or was killed
NotHeldError            an object is not what was stored (a StorageUnavailableError)

`detail` is for the log alone: never shown to a user, and the code that fills it keeps keys out of it.
"""

from domain.errors import StorageUnavailableError
from domain.failures import FailureCode


class StepError(Exception):
    """A step could not be done; `object_to_delete` is the key of an object that would spoil a retry, too."""

    def __init__(self, code: FailureCode, detail: str | None = None, *, object_to_delete: str | None = None) -> None:
        self.code = code
        self.detail = detail
        self.object_to_delete = object_to_delete
        super().__init__(code.value if detail is None else f"{code.value}: {detail}")


class PermanentError(StepError):
    """The step will never work for this upload; `message` is for its owner, where it tells more than its code's."""

    def __init__(
        self,
        code: FailureCode,
        detail: str | None = None,
        *,
        object_to_delete: str | None = None,
        message: str | None = None,
    ) -> None:
        self.message = message
        super().__init__(code, detail, object_to_delete=object_to_delete)


class PassingError(StepError):
    """The step may work later; `retry_after` is the wait in seconds that the other side asked for, if it did."""

    def __init__(
        self,
        code: FailureCode,
        detail: str | None = None,
        *,
        object_to_delete: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        self.retry_after = retry_after
        super().__init__(code, detail, object_to_delete=object_to_delete)


class ExhaustedError(PassingError):
    """A picture took more memory or time than its child process may use; for our own pictures that is bad luck."""

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(FailureCode.INTERNAL_ERROR, detail)


class NotHeldError(StorageUnavailableError):
    """The object storage does not hold what it was given."""

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(f"The object storage does not hold what it was given as {key}.")
