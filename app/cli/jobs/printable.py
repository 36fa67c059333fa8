"""Makes a text of the log safe to print: shows control characters as escapes, and cuts long texts."""

from typing import Final

LONGEST: Final = 1_000
JOINERS: Final = "\u200c\u200d"
"""Invisible too, but some languages and emoji need them."""


def printable(text: object) -> str:
    """The text in one line, without control characters and marks that turn its direction."""
    line = str(text)
    shown = "".join(map(_shown, line[:LONGEST]))
    return shown if len(line) <= LONGEST else f"{shown}... (cut; {len(line):,} characters)"


def _shown(character: str) -> str:
    is_plain = character.isprintable() or character in JOINERS
    return character if is_plain else character.encode("unicode_escape").decode()
