"""The stages of the pipeline: their order, their progress bands, and the status of each.

A stage never goes back:

    (none) -> validating -> generating -> storing -> watermarking -> complete
       |           |            |            |            |
       +-----------+------------+------------+------------+-> failed

A retry returns from `failed` to the stage that was reached.
"""

from enum import StrEnum
from typing import Final


class Stage(StrEnum):
    """A step of the pipeline, or `failed`, the stage shown when a run ended in failure."""

    VALIDATING = "validating"
    GENERATING = "generating"
    STORING = "storing"
    WATERMARKING = "watermarking"
    COMPLETE = "complete"
    FAILED = "failed"


class Status(StrEnum):
    """The status that clients see; derived from the stage."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"


PIPELINE: Final = (Stage.VALIDATING, Stage.GENERATING, Stage.STORING, Stage.WATERMARKING, Stage.COMPLETE)
"""The stages in the order in which an upload goes through them."""

ADDED: Final[frozenset[Stage]] = frozenset()
"""Those that a later version of Darkroom has put between the others: uploads of older versions went past them."""

COMPLETE: Final = Stage.COMPLETE
"""The last stage, for what runs at every event: Python 3.11 looks a member up in its enum ten times as slowly."""

BANDS: Final = {
    Stage.VALIDATING: range(10, 11),
    Stage.GENERATING: range(30, 71),
    Stage.STORING: range(80, 81),
    Stage.WATERMARKING: range(90, 91),
    Stage.COMPLETE: range(100, 101),
}
"""The progress, in percent, that each stage allows. `failed` has no band: it keeps the last progress."""


def status_of(stage: Stage | None) -> Status:
    """The status of a stage; None, before the first stage, is pending."""
    match stage:
        case None:
            return Status.PENDING
        case Stage.COMPLETE:
            return Status.COMPLETED
        case Stage.FAILED:
            return Status.FAILED
        case _:
            return Status.PROCESSING


_RANKS: Final = {stage: rank for rank, stage in enumerate((None, *PIPELINE))}


def rank(stage: Stage | None) -> int:
    """The stage's position in the pipeline, from 1; 0 before the first stage."""
    return _RANKS[stage]
