"""A number and its noun."""

import pytest

from app.cli.jobs.counted import counted


@pytest.mark.parametrize(
    ("number", "things", "told"),
    [
        (0, "uploads", "0 uploads"),
        (1, "uploads", "1 upload"),
        (1, "rows of the audit log", "1 row of the audit log"),
        (2, "rows of the audit log", "2 rows of the audit log"),
        (1201, "events", "1,201 events"),
    ],
)
def test_one_thing_is_called_as_one(number: int, things: str, told: str) -> None:
    assert counted(number, things) == told
