"""Image files that were damaged at random are developed or refused. `python -m tests.fuzz heads` tries more."""

from typing import Final

import pytest

from tests.fuzz import heads

SEED: Final = 15
PARTS: Final = 10
CASES: Final = 500
"""Of each part; 5,000 together."""


@pytest.mark.parametrize("part", range(PARTS))
def test_a_damaged_file_is_developed_or_refused_as_a_photo(part: int) -> None:
    assert list(heads.faults(CASES, f"{SEED}-{part}")) == []
