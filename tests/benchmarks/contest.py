"""A contest: ours, peers and limits measured in turns, round after round, and what their medians must reach.

A contender answers one round with its figures. A round takes the contenders in another order each time, so that
what else the machine does hits all of them. Nothing here knows what is measured.
"""

import gc
from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import Literal

from msgspec import Struct

Figures = Mapping[str, float]
"""What one round gave, by the figure's name, its unit included: `events/s`, `p99 ms`."""


class Contender(Struct, frozen=True):
    """One who takes part: ours, a peer that does the same in another way, or the limit that no contender can pass."""

    name: str
    kind: Literal["ours", "peer", "limit"]
    measure: Callable[[], Figures]


class Target(Struct, frozen=True, kw_only=True):
    """What ours must reach, in one figure: a ratio to the best of `over`, or where that is empty the figure itself.

    At least is for figures of which more is better, at most for those of which less is.
    """

    figure: str
    over: tuple[str, ...] = ()
    at_least: float | None = None
    at_most: float | None = None


class Case(Struct, frozen=True):
    """One setting in which the contenders are compared."""

    name: str
    contenders: tuple[Contender, ...]
    targets: tuple[Target, ...] = ()


class Score(Struct, frozen=True):
    """What a contender showed: each figure in every round."""

    name: str
    kind: str
    rounds: dict[str, list[float]]

    def median(self, figure: str) -> float | None:
        """The figure's median; None where it was not measured."""
        return median(self.rounds[figure]) if self.rounds.get(figure) else None


class Verdict(Struct, frozen=True):
    """What became of a target; `reached` is None where the other side could not be measured."""

    figure: str
    over: str
    wanted: str
    reached: float | None
    holds: bool | None


class Outcome(Struct, frozen=True):
    """What a case came to."""

    case: str
    scores: list[Score]
    verdicts: list[Verdict]


def run(case: Case, rounds: int, tell: Callable[[str], None]) -> Outcome:
    """Measure every contender that often, in turns."""
    scores = {contender.name: Score(contender.name, contender.kind, {}) for contender in case.contenders}
    for number in range(rounds):
        turn = number % max(len(case.contenders), 1)
        for contender in case.contenders[turn:] + case.contenders[:turn]:
            gc.collect()
            gc.freeze()  # what the benchmarks have loaded is a burden to no contender
            figures = contender.measure()
            for figure, value in figures.items():
                scores[contender.name].rounds.setdefault(figure, []).append(value)
            told = ", ".join(f"{value:,.6g} {figure}" for figure, value in figures.items())
            tell(f"{case.name}, round {number + 1} of {rounds}: {contender.name}: {told}")
    found = list(scores.values())
    return Outcome(case.name, found, [_judge(target, found) for target in case.targets])


def _judge(target: Target, scores: Sequence[Score]) -> Verdict:
    ours = next((score.median(target.figure) for score in scores if score.kind == "ours"), None)
    least = target.at_least is not None
    bound = target.at_least if target.at_least is not None else target.at_most or 0.0
    wanted = f"{'at least' if least else 'at most'} {bound:,.4g}"
    others = {
        score.name: value for score in scores if score.name in target.over and (value := score.median(target.figure))
    }
    if ours is None or (target.over and not others):
        return Verdict(target.figure, " or ".join(target.over), wanted, None, None)
    best = (max if least else min)(others, key=others.__getitem__, default="")
    reached = ours / others[best] if best else ours
    return Verdict(target.figure, best, wanted, reached, reached >= bound if least else reached <= bound)
