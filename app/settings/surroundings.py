"""Reads from the environment what is no setting: the variables for child processes, and the folder for state files."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from app.settings.given import value_of


def environment_with(settings: Mapping[str, str]) -> dict[str, str]:
    """The environment of a child of ours: our own, with these settings changed."""
    return {**os.environ, **settings}


STARTER: Final = "DARKROOM_STARTER"
"""For `work` below `darkroom up` of root: the number of the socket by which it asks for a starter of image children."""


def inherited_starter(environ: Mapping[str, str] = os.environ) -> int | None:
    """The descriptor that `darkroom up` gave us for that, if it did."""
    number = environ.get(STARTER, "")
    return int(number) if number else None


def settings_in_files(names: Iterable[str], environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The settings that files hold, for a process that may not read them. Raises ValueError."""
    named = [name for name in names if environ.get(f"{name}_FILE", "").strip()]
    return {name: value_of(name, environ) for name in named} | {f"{name}_FILE": "" for name in named}


def state_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Where the command line keeps what it has to remember. Raises RuntimeError where there is no home."""
    named = Path(environ.get("XDG_STATE_HOME", ""))
    # By the XDG specification a relative path is ignored.
    return (named if named.is_absolute() else Path.home() / ".local" / "state") / "darkroom"
