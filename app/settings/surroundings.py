"""What else a process takes from its environment: the variables of its children, and the folder for its own notes."""

import os
from collections.abc import Mapping
from pathlib import Path


def environment_with(settings: Mapping[str, str]) -> dict[str, str]:
    """The environment of a child of ours: our own, with these settings changed."""
    return {**os.environ, **settings}


def state_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Where the command line keeps what it has to remember. Raises RuntimeError where there is no home."""
    named = Path(environ.get("XDG_STATE_HOME", ""))
    # By the XDG specification a relative path is ignored.
    return (named if named.is_absolute() else Path.home() / ".local" / "state") / "darkroom"
