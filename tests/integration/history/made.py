"""Many made uploads, always the same, and the picture of what a replay finds in them."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import accumulate
from random import Random
from typing import Final
from uuid import UUID

import psycopg

from domain.stages import Stage
from tests.integration.history.known import MONDAY, Timed, insert, timed
from tests.unit.histories import submitted

UPLOADS: Final = 500
WIDTH: Final = 640
BAR: Final = 18
STEP: Final = 5
"""Seconds of a bar."""
STYLE: Final = (
    "text { font: 13px sans-serif; fill: #0f172a } rect { fill: #c2410c }"
    " @media (prefers-color-scheme: dark) { text { fill: #e2e8f0 } }"
)


def fill(database_url: str) -> None:
    """Make the log hold the uploads, in the order of their times."""
    dice = Random(17)
    found = sorted((pair for number in range(UPLOADS) for pair in _upload(number, dice)), key=lambda pair: pair[1])
    with psycopg.connect(database_url) as connection:
        for event, at in found:
            insert(connection, event, at)


def _upload(number: int, dice: Random) -> list[Timed]:
    """One that is completed: it waits, the model takes its time, and a worker in twenty is slow to store."""
    good = submitted().reached(Stage.GENERATING).advanced(Stage.GENERATING, 70).result()
    good.advanced(Stage.STORING).advanced(Stage.WATERMARKING).preview().advanced(Stage.COMPLETE)
    model = round(dice.lognormvariate(2.3, 0.5))
    stored = 45 if dice.random() < 0.05 else 1
    pauses = (0, dice.randrange(4), 0, 1, model, 0, 0, stored, 2, 0)
    start = MONDAY + timedelta(seconds=10 * number)
    return timed(good, UUID(int=1000 + number, version=4), 1, start, list(accumulate(pauses)))


def histogram(silences: Sequence[timedelta]) -> str:
    """How many were silent for how long at most, as SVG: a bar for every five seconds."""
    buckets = [int(silence.total_seconds()) // STEP for silence in silences]
    counts = [buckets.count(bucket) for bucket in range(max(buckets) + 1)]
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {(len(counts) + 1) * (BAR + 4)}">',
        f"<style>{STYLE}</style>",
        f"<title>The longest silence of {len(silences)} uploads</title>",
    ]
    for bucket, count in enumerate(counts):
        y = (bucket + 1) * (BAR + 4)
        length = round((WIDTH - 160) * count / max(counts))
        lines += [
            f'<text x="0" y="{y}">{bucket * STEP} to {(bucket + 1) * STEP} s</text>',
            f'<rect x="90" y="{y - 14}" width="{length}" height="{BAR}"/>',
            f'<text x="{96 + length}" y="{y}">{count}</text>',
        ]
    return "\n".join([*lines, "</svg>"]) + "\n"
