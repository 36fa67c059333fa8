"""Failure codes: why an attempt or an upload fails, and the message that the owner reads."""

from enum import StrEnum
from typing import Final


class FailureCode(StrEnum):
    """Why an upload failed. Codes are stored in events, so a code is never renamed."""

    NOT_AN_IMAGE = "NOT_AN_IMAGE"
    UNSUPPORTED_FORMAT = "UNSUPPORTED_FORMAT"
    IMAGE_TRUNCATED = "IMAGE_TRUNCATED"
    IMAGE_TOO_LARGE = "IMAGE_TOO_LARGE"
    IMAGE_TOO_COMPLEX = "IMAGE_TOO_COMPLEX"
    ANIMATED_IMAGE = "ANIMATED_IMAGE"
    CONTENT_BLOCKED = "CONTENT_BLOCKED"
    NO_IMAGE_GENERATED = "NO_IMAGE_GENERATED"
    GENERATION_REFUSED = "GENERATION_REFUSED"
    GENERATION_UNAVAILABLE = "GENERATION_UNAVAILABLE"
    STORAGE_REFUSED = "STORAGE_REFUSED"
    STORAGE_UNAVAILABLE = "STORAGE_UNAVAILABLE"
    ORIGINAL_MISSING = "ORIGINAL_MISSING"
    GENERATION_PAUSED = "GENERATION_PAUSED"
    GENERATION_BUDGET_SPENT = "GENERATION_BUDGET_SPENT"
    WORKER_LOST = "WORKER_LOST"
    WORKER_STOPPED = "WORKER_STOPPED"
    INTERNAL_ERROR = "INTERNAL_ERROR"
    CANCELLED = "CANCELLED"


NOT_COUNTED: Final = frozenset(
    {FailureCode.WORKER_STOPPED, FailureCode.GENERATION_PAUSED, FailureCode.GENERATION_BUDGET_SPENT}
)
"""Codes of attempts that had to wait. They do not count as failed attempts."""

NEEDS_NEW_PHOTO: Final = frozenset(
    {
        FailureCode.NOT_AN_IMAGE,
        FailureCode.UNSUPPORTED_FORMAT,
        FailureCode.IMAGE_TRUNCATED,
        FailureCode.IMAGE_TOO_LARGE,
        FailureCode.IMAGE_TOO_COMPLEX,
        FailureCode.ANIMATED_IMAGE,
        FailureCode.CONTENT_BLOCKED,
        FailureCode.ORIGINAL_MISSING,
    }
)
"""Codes for which a retry with the same photo would fail again, so the owner needs to upload another photo."""

MESSAGES: Final = {
    FailureCode.NOT_AN_IMAGE: "This file is not an image. Please choose a JPEG, PNG, WebP, HEIC or AVIF photo.",
    FailureCode.UNSUPPORTED_FORMAT: "This kind of image is not supported. Please save it as a JPEG or PNG photo.",
    FailureCode.IMAGE_TRUNCATED: "This image is incomplete or damaged. Please upload the photo again.",
    FailureCode.IMAGE_TOO_LARGE: "This image has too many pixels. Please choose a smaller photo.",
    FailureCode.IMAGE_TOO_COMPLEX: "This image takes too much time or memory to open. Please choose another.",
    FailureCode.ANIMATED_IMAGE: "Animated images are not supported. Please choose a single photo.",
    FailureCode.CONTENT_BLOCKED: "The image model declined this photo. Please choose another one.",
    FailureCode.NO_IMAGE_GENERATED: "The image model answered without a picture. Please try again.",
    FailureCode.GENERATION_REFUSED: "The image model did not accept our request. Please try again later.",
    FailureCode.GENERATION_UNAVAILABLE: "The image model could not be reached. Please try again later.",
    FailureCode.STORAGE_REFUSED: "Your picture could not be stored. Please try again later.",
    FailureCode.STORAGE_UNAVAILABLE: "Your picture could not be stored just now. Please try again later.",
    FailureCode.ORIGINAL_MISSING: "The uploaded photo is gone from our storage. Please upload it again.",
    FailureCode.GENERATION_PAUSED: "The image model does not answer just now. It goes on by itself.",
    FailureCode.GENERATION_BUDGET_SPENT: "Many pictures are being made just now. It goes on by itself.",
    FailureCode.WORKER_LOST: "Processing was interrupted again and again. Please try again.",
    FailureCode.WORKER_STOPPED: "Processing was interrupted. It goes on by itself.",
    FailureCode.INTERNAL_ERROR: "Processing failed. Please try again.",
    FailureCode.CANCELLED: "Cancelled.",
}
"""The message of each code, written for the owner of the upload."""
