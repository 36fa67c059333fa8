"""What a failure means, in words for staff: what happened, what to do, and the entry of the runbook.

The owner is told the message of domain/failures.py, which is another text: it says nothing of our machines.
"""

from typing import Final, NamedTuple

from domain.failures import FailureCode


class Words(NamedTuple):
    """What happened, what to do, and the heading of app/metrics/README.md that tells more."""

    happened: str
    advice: str
    runbook: str | None = None


NEW_PHOTO: Final = "Ask the owner for another photo. A retry would fail in the same way, so it is refused."
RETRY: Final = "Retry it. If it fails again in the same way, look at its group of failures."
WORDS: Final = {
    FailureCode.NOT_AN_IMAGE: Words("The file is no image, although it begins like one.", NEW_PHOTO),
    FailureCode.UNSUPPORTED_FORMAT: Words("The file is an image of a kind that is not taken in.", NEW_PHOTO),
    FailureCode.IMAGE_TRUNCATED: Words("The file ends too early or is damaged: its pixels cannot be read.", NEW_PHOTO),
    FailureCode.IMAGE_TOO_LARGE: Words("The image has more than MAX_PIXELS, or a side that is too long.", NEW_PHOTO),
    FailureCode.IMAGE_TOO_COMPLEX: Words(
        "Opening the image took more time or memory than its process may use.",
        f"{NEW_PHOTO} Many of these within an hour may be an attack.",
    ),
    FailureCode.ANIMATED_IMAGE: Words("The image has several frames.", NEW_PHOTO),
    FailureCode.CONTENT_BLOCKED: Words("The image model refused the photo for its content.", NEW_PHOTO),
    FailureCode.NO_IMAGE_GENERATED: Words("The image model answered without a picture.", RETRY),
    FailureCode.GENERATION_REFUSED: Words(
        "The image model refused our request: the key, the model's name or the quota is wrong.",
        "Tell an operator, who corrects GEMINI_API_KEY or GEMINI_MODEL. Then retry the group of failures as a whole.",
        "DarkroomFailuresOfOurs",
    ),
    FailureCode.GENERATION_UNAVAILABLE: Words(
        "The image model could not be reached, or failed, in three attempts.",
        "Wait until it answers again, then retry the group of failures as a whole.",
        "DarkroomImageModelDown",
    ),
    FailureCode.STORAGE_REFUSED: Words(
        "The object storage refused a picture, and would refuse it again: rights, or a full bucket.",
        "Tell an operator. Once the storage is mended, retry the group of failures as a whole.",
        "DarkroomDependencyDown",
    ),
    FailureCode.STORAGE_UNAVAILABLE: Words(
        "The object storage did not answer in several attempts.",
        "Wait until it answers again, then retry the group of failures as a whole.",
        "DarkroomDependencyDown",
    ),
    FailureCode.ORIGINAL_MISSING: Words(
        "The photo is no longer in the object storage.",
        f"{NEW_PHOTO} Tell an operator: photos do not vanish. `darkroom verify` says what else is missing.",
    ),
    FailureCode.GENERATION_PAUSED: Words(
        "The image model has failed so often that calls are paused.",
        "Nothing: it goes on by itself when the model answers again.",
        "DarkroomImageModelDown",
    ),
    FailureCode.GENERATION_BUDGET_SPENT: Words(
        "GENERATION_BUDGET_PER_HOUR is spent, so no further picture is paid for in this hour.",
        "Nothing: it goes on by itself. An operator can raise the budget.",
        "DarkroomBudgetNearlySpent",
    ),
    FailureCode.WORKER_LOST: Words(
        "Its worker was lost three times in a row at the same stage: killed, out of memory, or cut off.",
        "Look at the log of the workers. A photo that crashes one does so again: retry it once, then tell an operator.",
        "DarkroomFailuresOfOurs",
    ),
    FailureCode.WORKER_STOPPED: Words(
        "Its worker was stopped in good order.", "Nothing: the next attempt begins itself."
    ),
    FailureCode.INTERNAL_ERROR: Words(
        "Our own program broke, with an error that it did not expect.",
        "Look at the log by the correlation id, and tell an operator. A retry may help.",
        "DarkroomFailuresOfOurs",
    ),
    FailureCode.CANCELLED: Words(
        "It was cancelled, by the actor of its last event.",
        "Nothing, unless its owner wants it after all: then retry it.",
    ),
}
"""The words of each code."""
