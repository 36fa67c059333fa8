"""What the log holds is shown on a terminal, and is neither obeyed by it nor without an end."""

from datetime import UTC, datetime
from io import StringIO
from typing import Final
from uuid import UUID

import msgspec
import pytest
from rich.console import Console

from app.cli.jobs.history import history_table
from app.cli.jobs.printable import LONGEST, printable
from projections.log.event_log import LoggedEvent

ODD: Final = [7, None, [1], {"a": 1}, "staff:\x1b[31meva", "\u202e", "x" * 5_000]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Größe 写真, 3 %", "Größe 写真, 3 %"),
        ("\x1b[2Jgone", "\\x1b[2Jgone"),
        ("a\nb\tc\x9b", "a\\nb\\tc\\x9b"),
        ("\u202egpj", "\\u202egpj"),
        ("👩\u200d🔬", "👩\u200d🔬"),
        (7, "7"),
    ],
)
def test_what_a_terminal_would_obey_is_shown(text: object, shown: str) -> None:
    assert printable(text) == shown


def test_a_long_text_is_cut_and_its_length_is_said() -> None:
    assert printable("x" * 3_000_000) == "x" * LONGEST + "... (cut; 3,000,000 characters)"


@pytest.mark.parametrize("value", ODD)
@pytest.mark.parametrize("width", [60, 200])
def test_an_event_of_odd_facts_is_a_row_of_its_history(value: object, width: int) -> None:
    facts = dict.fromkeys(("actor", "code", "stage", "attempt", "progress", "schema_version"), value)
    state = msgspec.json.encode(facts).decode()
    event = LoggedEvent(1, UUID(int=1), 1, "upload.\x1b[31mfailed", state, datetime.now(UTC))
    console = Console(file=StringIO(), width=width)
    console.print(history_table([event], console), markup=False)

    written = console.file.getvalue()  # type: ignore[attr-defined] # it is the StringIO
    assert "\x1b[31m" not in written
    assert "\u202e" not in written
    assert len(written) < 50_000
