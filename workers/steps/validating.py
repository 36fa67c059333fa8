"""The stage validating: makes the clean copy of the original. Only the clean copy is ever sent to the image model."""

import msgspec

from domain.failures import FailureCode
from domain.formats import HEAD_BYTES, format_of, refusal_of
from workers.errors import ExhaustedError, PermanentError
from workers.imaging.jobs import Develop, Picture
from workers.imaging.sandbox import Sandbox


class Accepted(msgspec.Struct, frozen=True):
    """How large an original may be."""

    max_pixels: int = 50_000_000
    max_side: int = 20_000


def validate(original: bytes, sandbox: Sandbox, accepted: Accepted) -> Picture:
    """The clean copy: decoded, upright, sRGB, without metadata, at most 2048 px on the long side."""
    job = Develop(original, accepted.max_pixels, accepted.max_side, longest_side=2048, quality=92)
    head = original[:HEAD_BYTES]
    try:
        return sandbox.run(job)
    except PermanentError as error:
        if format_of(head) is None:
            error.message = refusal_of(head)  # written here: what comes from the child is not to be trusted
        raise
    except ExhaustedError as error:
        # Running out of memory or time here is the photo's fault, so do not retry.
        raise PermanentError(FailureCode.IMAGE_TOO_COMPLEX, error.detail) from error
