"""How a command ends early: a sentence on stderr, and an exit code."""

import sys
from enum import IntEnum
from typing import NoReturn

import rich_click as click


class ExitCode(IntEnum):
    """What a caller of a command may rely on."""

    FAILED = 1
    USAGE = 2
    INTERRUPTED = 130


def end(code: ExitCode, sentence: str) -> NoReturn:
    """Say why, and leave."""
    click.echo(sentence, err=True)
    sys.exit(code)
