"""The stage storing: the model's answer becomes the full picture that is kept, and its preview on the way.

What the next stage needs is made here too, because the answer is decoded here: it is the preview's half of the work.
"""

from typing import Final

from domain.failures import FailureCode
from workers.errors import ExhaustedError, PermanentError
from workers.imaging.jobs import Develop, Finish, Finished
from workers.imaging.sandbox import Sandbox
from workers.imaging.watermarking import LONGEST_SIDE, TEXT
from workers.steps.watermarking import QUALITY
from workers.vision.model import Answer

_MAX_PIXELS: Final = 40_000_000
_LONGEST_SIDE: Final = 8192


def finish(answer: Answer, sandbox: Sandbox) -> Finished:
    """The full picture, in the size that the model gave it, and its preview; the model's own metadata goes nowhere."""
    full = Develop(answer.image, _MAX_PIXELS, _LONGEST_SIDE, longest_side=_LONGEST_SIDE, quality=95)
    try:
        return sandbox.finish(Finish(full, TEXT, longest_side=LONGEST_SIDE, quality=QUALITY))
    except (PermanentError, ExhaustedError) as error:
        # An answer that takes its child down would do so at every retry.
        raise PermanentError(FailureCode.NO_IMAGE_GENERATED, f"{answer.media_type}: {error}") from error
