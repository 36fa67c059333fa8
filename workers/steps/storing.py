"""The stage storing: the model's answer becomes the full picture that is kept."""

from typing import Final

from domain.failures import FailureCode
from workers.errors import ExhaustedError, PermanentError
from workers.imaging.jobs import Develop, Picture
from workers.imaging.sandbox import Sandbox
from workers.vision.model import Answer

_MAX_PIXELS: Final = 40_000_000
_LONGEST_SIDE: Final = 8192


def finish(answer: Answer, sandbox: Sandbox) -> Picture:
    """The full picture, in the size that the model gave it; the model's own metadata goes nowhere either."""
    job = Develop(answer.image, _MAX_PIXELS, _LONGEST_SIDE, longest_side=_LONGEST_SIDE, quality=95)
    try:
        return sandbox.run(job)
    except (PermanentError, ExhaustedError) as error:
        # An answer that takes its child down would do so at every retry.
        raise PermanentError(FailureCode.NO_IMAGE_GENERATED, f"{answer.media_type}: {error}") from error
