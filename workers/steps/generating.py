"""The stage generating: sends the clean copy and the prompt to the image model, and returns its answer."""

import math

from domain.failures import FailureCode
from domain.stages import BANDS, Stage
from workers.errors import PermanentError
from workers.steps.prompts import PROMPTS
from workers.vision.model import Answer, ImageModel


def generate(clean_jpeg: bytes, prompt_version: int, model: ImageModel) -> Answer:
    """The model's answer, not yet known to be a picture."""
    if prompt_version not in PROMPTS:
        raise PermanentError(FailureCode.INTERNAL_ERROR, f"there is no prompt version {prompt_version}")
    return model.generate(clean_jpeg, PROMPTS[prompt_version])


def progress_after(seconds: float, expected_seconds: float) -> int:
    """The progress while a call runs: two thirds of the band at the expected time, and its end only with the answer."""
    band = BANDS[Stage.GENERATING]
    done = 1 - math.exp(-1.1 * max(0.0, seconds) / expected_seconds)
    return min(band[0] + int(done * (band[-1] - band[0])), band[-1] - 1)
