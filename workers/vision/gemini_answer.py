"""Finds the picture in an answer of Gemini, or why there is none: a refusal comes as 200, and in many ways."""

import re
from typing import Final

from google.genai.types import Candidate, GenerateContentResponse, Part

from domain.failures import FailureCode
from workers.errors import PermanentError

_BLOCKED: Final = {
    "SAFETY",
    "RECITATION",
    "BLOCKLIST",
    "PROHIBITED_CONTENT",
    "SPII",
    "IMAGE_SAFETY",
    "IMAGE_PROHIBITED_CONTENT",
    "IMAGE_RECITATION",
    "ESCALATION",
    "MODEL_ARMOR",
}
"""The reasons to finish that mean: not for this photo."""
_PICTURE: Final = re.compile(r"image/[\w.+-]{1,64}", re.ASCII)


def picture_in(response: GenerateContentResponse) -> tuple[str, bytes]:
    """The media type and the bytes of the last picture, or CONTENT_BLOCKED, or NO_IMAGE_GENERATED."""
    feedback = response.prompt_feedback
    if feedback is not None and feedback.block_reason is not None:
        raise PermanentError(FailureCode.CONTENT_BLOCKED, f"prompt: {feedback.block_reason.value}")
    candidate = (response.candidates or [Candidate()])[0]
    finish = candidate.finish_reason.value if candidate.finish_reason is not None else "no reason given"
    if finish in _BLOCKED:
        raise PermanentError(FailureCode.CONTENT_BLOCKED, f"answer: {finish}")
    pictures = [found for part in _parts(candidate) if (found := _picture(part)) is not None]
    if not pictures:
        raise PermanentError(FailureCode.NO_IMAGE_GENERATED, f"answer: {finish}")
    return pictures[-1]


def _parts(candidate: Candidate) -> list[Part]:
    return (candidate.content.parts if candidate.content is not None else None) or []


def _picture(part: Part) -> tuple[str, bytes] | None:
    """A picture that is the answer, and not a sketch from the model's thinking."""
    blob = part.inline_data
    if part.thought or blob is None or not blob.data or not _PICTURE.fullmatch(blob.mime_type or ""):
        return None
    return str(blob.mime_type), blob.data
