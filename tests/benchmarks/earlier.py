"""Darkroom as it was at an earlier commit, so that a gain is measured and not told: its files, and a Python for it."""

import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from typing import Final

from tests.acceptance.service import Service, clean_environment
from tests.benchmarks.served import ROOT

COMMIT: Final = "6a86b97"
"""The last one before pictures were measured."""


def unpacked(folder: Path) -> Path | None:
    """A Python that runs the earlier Darkroom with the packages of this one; None if its commit is not here."""
    found = subprocess.run(["git", "archive", COMMIT], cwd=ROOT, capture_output=True, check=False)
    if found.returncode:
        return None
    source = folder / "source"
    source.mkdir(parents=True)
    subprocess.run(["tar", "-x"], cwd=source, input=found.stdout, check=True)
    venv.create(folder / "venv", symlinks=True)
    _first(folder / "venv", source)
    return folder / "venv" / "bin" / "python"


def _first(environment: Path, source: Path) -> None:
    """The earlier modules come first; what is in the folders behind is found, and what they link to is not."""
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(environment)}))
    folders = [source, *(path for path in sys.path if path.endswith("site-packages"))]
    (packages / "earlier.pth").write_text("".join(f"{folder}\n" for folder in folders))


class Earlier(Service):
    """`darkroom up` of the earlier commit."""

    def __init__(self, python: Path, folder: Path, settings: dict[str, str]) -> None:
        self.program = (str(python), "-m", "app.cli")
        super().__init__(folder, settings)

    def run(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        """Run a command of the earlier commit beside it, to its end."""
        command = [*self.program, *map(str, arguments)]
        return subprocess.run(
            command, cwd=self.folder, env=clean_environment(), capture_output=True, text=True, timeout=60, check=False
        )
