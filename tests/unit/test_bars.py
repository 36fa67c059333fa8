"""The bars of `darkroom timeline`: one axis, a line for each span, in their order."""

from datetime import timedelta

from app.cli.jobs.bars import BLOCK, CELLS, bars
from domain.failures import FailureCode
from domain.stages import Stage
from projections.queries.timeline import Span
from tests.unit.test_timeline import BEGIN


def span(kind: str, begin: float, end: float, *, stage: Stage | None = None, attempt: int = 1) -> Span:
    code = FailureCode.STORAGE_UNAVAILABLE if kind == "backoff" else None
    moments = (BEGIN + timedelta(seconds=begin), BEGIN + timedelta(seconds=end))
    return Span(kind, attempt, stage, None, code, *moments)


def test_bars_lie_on_one_axis_one_after_the_other() -> None:
    lines = bars(
        [
            span("waiting", 0, 10),
            span("stage", 10, 20, stage=Stage.GENERATING),
            span("backoff", 20, 39.9),
            span("held", 39.9, 40, attempt=2),
        ],
        columns=100,
    )
    assert [line.partition("  ")[0].strip() for line in lines] == [
        "waiting",
        "generating",
        "backoff STORAGE_UNAVAILABLE",
        "held attempt 2",
    ]
    drawn = [line[line.index(" s  ") + 4 :] for line in lines]
    assert drawn[0] == BLOCK * 10
    assert drawn[1] == " " * 10 + BLOCK * 10
    assert drawn[2].startswith(" " * 20 + BLOCK)
    assert drawn[3].strip() == BLOCK, "what is short is seen all the same"
    assert max(map(len, drawn)) == CELLS


def test_an_upload_that_has_only_just_begun_has_a_bar_too() -> None:
    (line,) = bars([span("waiting", 0, 0)], columns=100)
    assert line == f"waiting  0.000 s  {BLOCK}"


def test_a_narrow_screen_gets_a_shorter_axis() -> None:
    lines = bars([span("waiting", 0, 10), span("stage", 10, 20, stage=Stage.GENERATING)], columns=40)
    assert max(map(len, lines)) == 40
