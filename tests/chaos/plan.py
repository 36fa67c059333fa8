"""What a chaos run will do, all of it thrown by dice beforehand: the same seed does the same again.

Knows nothing of how it is done. What a process makes of it is not thrown by dice, and may differ from run to run.
"""

import io
from random import Random
from typing import Final, NamedTuple

from PIL import Image

PAUSE_SECONDS: Final = 4.0
"""Between two injuries, on average."""
TARGETS: Final = ("work", "work", "project", "dispatch", "serve", "postgres", "valkey")
"""Children of `darkroom up`; a worker has most to lose, and is hit most often."""
LONGEST_FREEZE_SECONDS: Final = 15.0
LONGEST_OUTAGE_SECONDS: Final = 20.0
INJURIES: Final = {"kill": 6, "stop": 3, "freeze": 3, "cut": 2, "flush": 1, "model-down": 1}
"""How often each is chosen, compared with the others."""
REPLIES: Final = {
    "picture": 70,
    "status 503": 8,
    "status 429": 5,
    "reset": 4,
    "html": 3,
    "empty": 3,
    "hang": 3,
    "text": 2,
    "refusal": 2,
}
"""The same for the answers of the image model."""


class Injury(NamedTuple):
    """One thing that is done to the service, at that many seconds after the start."""

    at: float
    kind: str
    target: str = ""
    seconds: float = 0.0

    def __str__(self) -> str:
        lasting = f" for {self.seconds:.1f} s" if self.seconds else ""
        return f"{self.at:7.1f} s  {self.kind} {self.target}{lasting}".rstrip()


class Submission(NamedTuple):
    """A photo that is sent at that many seconds after the start."""

    at: float
    photo: bytes


class Plan(NamedTuple):
    """All of it, each list in the order of time."""

    seconds: float
    injuries: list[Injury]
    submissions: list[Submission]


def plan(seed: int, seconds: float, jobs: int) -> Plan:
    """Throw the dice. Photos come in nearly to the end, and injuries to the very end."""
    dice = Random(seed)
    moments = sorted(dice.uniform(0, seconds * 0.9) for _ in range(jobs))
    return Plan(seconds, list(_injuries(dice, seconds)), [Submission(at, _photo(dice)) for at in moments])


def reply(seed: int, photo_sha256: str, call: int) -> tuple[str, float]:
    """How the image model answers the photo's call of that number, and after how many seconds."""
    dice = Random(f"{seed} {photo_sha256} {call}")
    (kind,) = dice.choices(list(REPLIES), list(REPLIES.values()))
    return kind, dice.uniform(0.05, 1.5)


def _injuries(dice: Random, seconds: float) -> list[Injury]:
    injuries: list[Injury] = []
    at = dice.expovariate(1 / PAUSE_SECONDS)
    while at < seconds:
        (kind,) = dice.choices(list(INJURIES), list(INJURIES.values()))
        injuries.append(_injury(dice, at, kind))
        at += dice.expovariate(1 / PAUSE_SECONDS)
    return injuries


def _injury(dice: Random, at: float, kind: str) -> Injury:
    target = dice.choice(TARGETS)
    match kind:
        case "freeze":
            return Injury(at, kind, target, dice.uniform(0.5, LONGEST_FREEZE_SECONDS))
        case "cut":
            return Injury(at, kind, dice.choice(("postgres", "valkey")))
        case "flush":
            return Injury(at, kind, "valkey")
        case "model-down":
            return Injury(at, kind, seconds=dice.uniform(5, LONGEST_OUTAGE_SECONDS))
        case _:
            return Injury(at, kind, target)


def _photo(dice: Random) -> bytes:
    stream = io.BytesIO()
    Image.frombytes("RGB", (8, 8), dice.randbytes(192)).resize((96, 64)).save(stream, "JPEG")
    return stream.getvalue()
