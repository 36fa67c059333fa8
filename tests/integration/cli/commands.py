"""Runs commands of the command line, in this process or as processes of their own, and reads what they say."""

import os
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner, Result

from app.cli import darkroom

CHECKOUT = Path(__file__).parents[3]
MAIN = (sys.executable, "-m", "app.cli")


def command(*arguments: object, stdin: str | bytes = "") -> Result:
    """Run a command to its end."""
    return CliRunner().invoke(darkroom, [str(argument) for argument in arguments], input=stdin)


def submit(*arguments: object) -> Result:
    """`darkroom submit holiday.jpg`."""
    return command("submit", "holiday.jpg", *arguments)


def started(*arguments: object, cwd: Path) -> subprocess.Popen[str]:
    """A command as a process of its own."""
    return subprocess.Popen(
        [*MAIN, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
    )


def one_line(text: str) -> str:
    """Without the frames and line breaks that the command line draws."""
    return " ".join(text.replace("│", " ").split())
