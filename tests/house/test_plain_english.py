"""Counts words that make a sentence hard to read. A text names the part that acts instead."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.house.the_house import ROOT

WORDS: Final = ("whoever", "nobody", "somebody", "anybody", "lest", "be it")
FOUND: Final = re.compile(rf"(?<![a-z])(?:{'|'.join(WORDS)})(?![a-z])", re.IGNORECASE)
OWN: Final = str(Path(__file__).relative_to(ROOT))
SUFFIXES: Final = (".py", ".ts", ".tsx", ".sql", ".md")
MOST: Final = {"app": 1}
"""The most occurrences below each top-level folder, 0 for all others. May be lowered, and never raised."""


def texts() -> Iterator[str]:
    """The tracked files that people write, without this one."""
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in tracked.splitlines():
        if name.endswith(SUFFIXES) and not name.startswith("app/web/built/") and name != OWN:
            yield name


def lines_with_such_words(top: str) -> list[str]:
    """Each occurrence below a folder of the top, with its file and line."""
    return [
        f"{name}:{number}: {found[0]}"
        for name in texts()
        if name.split("/")[0] == top and (ROOT / name).exists()
        for number, line in enumerate((ROOT / name).read_text().splitlines(), start=1)
        for found in FOUND.finditer(line)
    ]


@pytest.mark.parametrize("top", sorted({name.split("/")[0] for name in texts()}))
def test_a_sentence_names_the_part_that_acts(top: str) -> None:
    found = lines_with_such_words(top)
    assert len(found) <= MOST.get(top, 0), found


@pytest.mark.parametrize("text", ["Whoever asks", "test_nobody_waits", "lest it fails", "be it late"])
def test_such_a_word_is_found_in_prose_and_in_a_name(text: str) -> None:
    assert FOUND.search(text)


@pytest.mark.parametrize("text", ["the oldest one", "a manifest", "to be iterated"])
def test_a_word_that_only_contains_one_is_not_found(text: str) -> None:
    assert not FOUND.search(text)
