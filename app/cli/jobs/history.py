"""The history of an upload as a table that fits the screen: the least useful columns are dropped first.

A layout is chosen by its width. Each one gives up a little more than the one before: columns that are empty, then the
parts of times that repeat, then the lines of the table, then a column of its own for codes, then most of the actor.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from app.cli.jobs.printable import printable
from projections.log.event_log import LoggedEvent
from projections.queries.history import attempts_of

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

HEADINGS: Final = ("#", "time", "elapsed", "event", "stage", "attempt", "code", "actor")
NUMBERS: Final = frozenset({"#", "elapsed", "attempt"})
ANY_WIDTH: Final = 1000
ACTOR_TAIL: Final = 6
"""The number of characters of a long name that tell actors apart."""


class Layout(Struct, frozen=True, kw_only=True):
    """What a narrower table leaves out."""

    drops_empty: bool = False
    shortens_times: bool = False
    has_lines: bool = True
    puts_codes_below: bool = False
    shortens_actors: bool = False
    drops_time: bool = False


FULL: Final = Layout()
NO_EMPTY: Final = replace(FULL, drops_empty=True)
SHORT_TIMES: Final = replace(NO_EMPTY, shortens_times=True)
NO_LINES: Final = replace(SHORT_TIMES, has_lines=False)
CODES_BELOW: Final = replace(NO_LINES, puts_codes_below=True)
SHORT_ACTORS: Final = replace(CODES_BELOW, shortens_actors=True)
NO_TIME: Final = replace(SHORT_ACTORS, drops_time=True)
LAYOUTS: Final = (FULL, NO_EMPTY, SHORT_TIMES, NO_LINES, CODES_BELOW, SHORT_ACTORS, NO_TIME)


def history_table(history: Sequence[LoggedEvent], console: "Console") -> "Table":
    """The widest table that fits the console; the narrowest there is where none does."""
    from rich.measure import Measurement

    options = console.options.update(width=ANY_WIDTH)
    for layout in LAYOUTS:
        table = _table(history, layout)
        if Measurement.get(console, options, table).maximum <= console.width:
            break
    return table


def elapsed(time: timedelta) -> str:
    """A duration in seconds."""
    return f"{time.total_seconds():.3f} s"


def _table(history: Sequence[LoggedEvent], layout: Layout) -> "Table":
    from rich.box import HEAVY_HEAD
    from rich.table import Table

    first = history[0]
    began = first.recorded_at.astimezone(UTC)
    title = f"Upload {first.upload_id}, {began:%Y-%m-%d}{f' {_clock(began)}' if layout.drops_time else ''} UTC"
    attempts = attempts_of(history)
    rows = [_cells(*each, first.recorded_at, layout) for each in zip(history, attempts, strict=True)]
    shown = [heading for heading in HEADINGS if _is_shown(heading, rows, layout)]
    table = Table(
        title=title,
        title_justify="left",
        box=HEAVY_HEAD if layout.has_lines else None,
        padding=(0, 1) if layout.has_lines else (0, 1, 0, 0),
        pad_edge=layout.has_lines,
    )
    for heading in shown:
        table.add_column(
            heading,
            justify="right" if heading in NUMBERS else "left",
            no_wrap=heading not in {"actor", "code"},
            overflow="fold",
        )
    for row in rows:
        table.add_row(*(row[heading] for heading in shown))
    return table


def _is_shown(heading: str, rows: Sequence[dict[str, str]], layout: Layout) -> bool:
    if heading == "time" and layout.drops_time:
        return False
    return not layout.drops_empty or any(row[heading] for row in rows)


def _cells(logged: LoggedEvent, attempt: int | None, began: datetime, layout: Layout) -> dict[str, str]:
    facts = logged.facts
    stage = f"{facts.get('stage') or ''} {facts['progress']}%" if "progress" in facts else facts.get("stage") or ""
    at, since = _clock(logged.recorded_at), f"+{elapsed(logged.recorded_at - began)}"
    event = printable(logged.name.removeprefix("upload."))
    code, actor = (printable(facts.get(name, "")) for name in ("code", "actor"))
    if layout.shortens_times:
        at, since = at.partition(".")[0], since.removesuffix(" s")
    if layout.puts_codes_below and code:
        event, code = f"{event}\n{code}", ""
    if layout.shortens_actors:
        actor = _short(actor)
    cells = (str(logged.version), at, since, event, printable(stage), str(attempt or ""), code, actor)
    return dict(zip(HEADINGS, cells, strict=True))


def _short(actor: str) -> str:
    kind, colon, name = actor.partition(":")
    return f"{kind}:…{name[-ACTOR_TAIL:]}" if colon and len(name) > ACTOR_TAIL + 1 else actor


def _clock(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%H:%M:%S.%f")[:-3]
