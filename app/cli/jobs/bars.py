"""Draws the time of an upload as bars on one axis: one line for each span, with its kind and its duration."""

from collections.abc import Sequence
from typing import Final

from projections.queries.timeline import MICROSECOND, Span

CELLS: Final = 40
"""The length of the axis, in characters, where there is room."""
FEWEST: Final = 10
BLOCK: Final = "█"


def bars(spans: Sequence[Span], columns: int) -> list[str]:
    """A line for each span, in their order, within so many columns if that is possible. There is at least one span."""
    begin = spans[0].begin
    whole = max((spans[-1].end - begin) // MICROSECOND, 1)
    labels = [_label(span) for span in spans]
    seconds = [f"{span.seconds:.3f} s" for span in spans]
    left, right = max(map(len, labels)), max(map(len, seconds))
    cells = max(min(CELLS, columns - left - right - 4), FEWEST)
    lines = []
    for span, label, took in zip(spans, labels, seconds, strict=True):
        first = min((span.begin - begin) // MICROSECOND * cells // whole, cells - 1)
        last = (span.end - begin) // MICROSECOND * cells // whole
        lines.append(f"{label:<{left}}  {took:>{right}}  {' ' * first}{BLOCK * max(last - first, 1)}")
    return lines


def _label(span: Span) -> str:
    """What the upload did; which attempt where it is not the first, and why it waited."""
    parts = [str(span.stage) if span.kind == "stage" and span.stage else span.kind]
    if span.attempt > 1:
        parts.append(f"attempt {span.attempt}")
    if span.code:
        parts.append(str(span.code))
    return " ".join(parts)
