"""Saves pictures: to one file, which is replaced, or into a folder, in which no file is replaced."""

import os
from collections.abc import Sequence
from pathlib import Path

import rich_click as click
from msgspec import Struct


class Folder(Struct, frozen=True):
    """NAME-darkroom.jpg in a folder, or NAME-darkroom-2.jpg and so on where that name is taken."""

    path: Path = Path()

    def save(self, stem: str, picture: bytes) -> Path:
        """Save it under a name that is free, also while others save. Raises OSError."""
        number = 1
        while True:
            target = self.path / (f"{stem}-darkroom.jpg" if number == 1 else f"{stem}-darkroom-{number}.jpg")
            try:
                with target.open("xb") as file:
                    file.write(picture)
            except FileExistsError:
                number += 1
            else:
                return target


class OneFile(Struct, frozen=True):
    """A file that the person named. It is replaced whole, or not at all."""

    path: Path

    def save(self, _stem: str, picture: bytes) -> Path:
        """Save it. Raises OSError."""
        half = self.path.with_name(f".{self.path.name}.half")
        half.write_bytes(picture)
        return half.replace(self.path)


Target = Folder | OneFile


def target_of(out: str | None, photos: Sequence[Path], *, several: bool) -> Target:
    """Where --out says that the prints of these photos go. A mistake ends the command before anything is sent."""
    path = Path(out or "")
    ends_as_folder = out is not None and out.endswith(os.sep)
    if out is None or path.is_dir():
        return Folder(_writable(path))
    if not path.parent.is_dir():
        raise _mistake(f"The folder {path.parent} does not exist. Make it first.")
    if several or ends_as_folder:
        if path.exists():
            raise _mistake(f"{path} is a file. Several photos need a folder.")
        if path.suffix and not ends_as_folder:
            raise _mistake(f"{path} looks like a file. Several photos need a folder: name one, such as {path.stem}/.")
        _writable(path.parent)
        path.mkdir()
        return Folder(path)
    if path.exists() and any(path.samefile(photo) for photo in photos):
        raise _mistake("This is the photo itself. Choose another name.")
    _writable(path.parent)
    return OneFile(path)


def _writable(folder: Path) -> Path:
    if not os.access(folder, os.W_OK | os.X_OK):
        raise _mistake(f"No file can be made in the folder {folder}: permission denied. Name another one.")
    return folder


def _mistake(sentence: str) -> click.BadParameter:
    return click.BadParameter(sentence, param_hint="--out")
