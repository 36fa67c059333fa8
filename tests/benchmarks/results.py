"""The results of a benchmark: kept as JSON, shown as a table, in the terminal and in the README beside it."""

import re
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct
from rich.table import Table

from tests.benchmarks.contest import Outcome, Verdict
from tests.benchmarks.machine import Machine

FOLDER: Final = Path(__file__).parent / "results"
README: Final = Path(__file__).parent / "README.md"
BEGIN: Final = "<!-- results of python -m tests.benchmarks: begin -->"
END: Final = "<!-- results of python -m tests.benchmarks: end -->"


class Results(Struct, frozen=True):
    """What a run of one benchmark came to."""

    benchmark: str
    title: str
    at: datetime
    machine: Machine
    rounds: int
    outcomes: list[Outcome]
    notes: list[str]
    verified: str

    @property
    def source(self) -> str:
        """When, how often and on what it was measured."""
        return f"{self.at:%Y-%m-%d}, medians of {self.rounds} round{'s'[: self.rounds - 1]}, on {self.machine}."

    @property
    def head(self) -> list[str]:
        """The columns of the table."""
        return ["", "figure", *self._names, "target"]

    @property
    def rows(self) -> list[list[str]]:
        """A row for each case and figure: medians, and what became of the targets."""
        return [self._row(outcome, figure) for outcome in self.outcomes for figure in _figures(outcome)]

    @property
    def _names(self) -> list[str]:
        return list(dict.fromkeys(score.name for outcome in self.outcomes for score in outcome.scores))

    def _row(self, outcome: Outcome, figure: str) -> list[str]:
        medians = {score.name: score.median(figure) for score in outcome.scores}
        verdicts = [sentence(verdict) for verdict in outcome.verdicts if verdict.figure == figure]
        return [outcome.case, figure, *(number(medians.get(name)) for name in self._names), "; ".join(verdicts)]


def _figures(outcome: Outcome) -> list[str]:
    return list(dict.fromkeys(figure for score in outcome.scores for figure in score.rounds))


def number(value: float | None) -> str:
    """A figure with three digits that matter."""
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def sentence(verdict: Verdict) -> str:
    """What became of a target."""
    if verdict.reached is None:
        return f"{verdict.wanted} of {verdict.over}: not measured"
    what = f"{number(verdict.reached)} x {verdict.over}" if verdict.over else number(verdict.reached)
    return f"{what}: {'reached' if verdict.holds else 'MISSED'} ({verdict.wanted})"


def terminal_table(results: Results) -> Table:
    """The table for a terminal."""
    table = Table(*results.head, title=results.title, caption=results.source)
    for row in results.rows:
        table.add_row(*row)
    return table


def keep(results: Results, folder: Path) -> None:
    """Write the results as JSON."""
    folder.mkdir(parents=True, exist_ok=True)
    text = msgspec.json.format(msgspec.json.encode(results), indent=1)
    (folder / f"{results.benchmark}.json").write_bytes(text + b"\n")


def kept(folder: Path) -> list[Results]:
    """The last results of every benchmark."""
    return [msgspec.json.decode(file.read_bytes(), type=Results) for file in sorted(folder.glob("*.json"))]


def markdown(results: Results) -> str:
    """The results as README.md shows them."""
    lines = [f"**{results.title}**", "", *_markdown_table(results), ""]
    lines += [f"![{results.title}](results/{results.benchmark}.svg)", ""]
    lines += [f"- {note}" for note in results.notes]
    return "\n".join([*lines, f"- {results.source}", f"- Verified afterwards: {results.verified}"])


def _markdown_table(results: Results) -> list[str]:
    rows = [results.head, ["---"] * len(results.head), *results.rows]
    return ["| " + " | ".join(row) + " |" for row in rows]


def write_readme(folder: Path, readme: Path = README) -> None:
    """Put the last results of every benchmark between the two marks of README.md."""
    text = "\n\n".join(markdown(results) for results in kept(folder))
    between = re.compile(f"{re.escape(BEGIN)}.*{re.escape(END)}", re.DOTALL)
    readme.write_text(between.sub(lambda _: f"{BEGIN}\n\n{text}\n\n{END}", readme.read_text()))
