"""A picture of a benchmark's results: for each case and figure a bar for each contender, as long as its median."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

from tests.benchmarks.contest import Outcome, Score
from tests.benchmarks.results import Results, number

WIDTH: Final = 860
NAMES: Final = 260
BAR: Final = 18
COLOURS: Final = {"ours": "#c2410c", "peer": "#64748b", "limit": "#cbd5e1"}
STYLE: Final = (
    "text { font: 13px sans-serif; fill: #0f172a } .head { font-weight: bold }"
    " @media (prefers-color-scheme: dark) { text { fill: #e2e8f0 } }"
)


def draw(results: Results, folder: Path) -> None:
    """Write the picture as SVG."""
    parts: list[str] = []
    y = BAR
    for outcome, figure in _groups(results):
        parts.append(f'<text class="head" x="0" y="{y}">{escape(f"{outcome.case}: {figure}")}</text>')
        scores = [score for score in outcome.scores if score.median(figure) is not None]
        longest = max((score.median(figure) or 0 for score in scores), default=0) or 1
        for score in scores:
            y += BAR + 4
            parts += _bar(score, figure, y, longest)
        y += 2 * BAR
    opening = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}">'
    lines = [opening, f"<style>{STYLE}</style>", *parts, "</svg>"]
    (folder / f"{results.benchmark}.svg").write_text("\n".join(lines) + "\n")


def _groups(results: Results) -> Iterator[tuple[Outcome, str]]:
    for outcome in results.outcomes:
        figures = dict.fromkeys(figure for score in outcome.scores for figure in score.rounds)
        yield from ((outcome, figure) for figure in figures)


def _bar(score: Score, figure: str, y: int, longest: float) -> list[str]:
    value = score.median(figure) or 0
    length = max(round((WIDTH - NAMES - 90) * value / longest), 1)
    return [
        f'<text x="0" y="{y}">{escape(score.name)}</text>',
        f'<rect x="{NAMES}" y="{y - 14}" width="{length}" height="{BAR}" fill="{COLOURS[score.kind]}"/>',
        f'<text x="{NAMES + length + 6}" y="{y}">{number(value)}</text>',
    ]
