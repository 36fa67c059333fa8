"""Finds the photos that the arguments of `darkroom submit` name: files, pipes, all photos in folders, and stdin."""

import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Final

from msgspec import Struct

from domain.formats import HEAD_BYTES, format_of, refusal_of

STDIN: Final = Path("-")
PRINT: Final = re.compile(r".+-darkroom(-[0-9]+)?\.jpg")
"""What our own prints are named."""


class Photo(Struct, frozen=True):
    """A file to send, what it is called on the screen, and what its print is named after."""

    path: Path
    name: str
    stem: str


class Found(Struct, frozen=True):
    """The photos of a command, in order, each once, and a note for each file of a folder that is none."""

    photos: list[Photo]
    notes: list[str]


def find_photos(arguments: Sequence[Path], spool: Path) -> Found:
    """Look at every argument. What a pipe gives is kept in the folder `spool`, so that it can be sent again."""
    photos: dict[Path, Photo] = {}
    notes: list[str] = []
    for argument in arguments:
        for file in _files(argument, lambda error: notes.append(_unread(error))):
            if argument.is_dir() and (note := _why_not(file)):
                notes.append(f"{file} was skipped: {note}")
                continue
            key = STDIN if argument == STDIN else file.resolve()
            if key not in photos:
                photos[key] = _photo(file, spool / str(len(photos)))
    return Found(list(photos.values()), notes)


def _files(argument: Path, on_error: Callable[[OSError], object]) -> Iterator[Path]:
    if not argument.is_dir():
        yield argument
        return
    for folder, folders, files in os.walk(argument, onerror=on_error):
        # Hidden folders hold thumbnails and the like. The order is the one that a person sees.
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(folder, name) for name in sorted(files))


def _unread(error: OSError) -> str:
    return f"{error.filename} was skipped: The folder cannot be read: {error.strerror}."


def _why_not(file: Path) -> str | None:
    """Why a file of a folder is not sent. One that cannot be read is: that is an error, and not to be passed over."""
    try:
        if not file.is_file():
            return "It is no regular file."
    except OSError as error:  # a link into a folder that is closed to us
        return f"It cannot be looked at: {error.strerror}."
    if PRINT.fullmatch(file.name):
        return "It has the name of a print of ours. Name it on the command line to send it all the same."
    try:
        with file.open("rb") as opened:
            head = opened.read(HEAD_BYTES)
    except OSError:
        return None
    if not head:
        return "The file is empty."
    first_sentence, _, _ = refusal_of(head).partition(". ")
    return None if format_of(head) else f"{first_sentence}."


def _photo(file: Path, kept: Path) -> Photo:
    """The photo. A pipe gives its bytes once and does not tell how many: they are kept."""
    if file == STDIN:
        return Photo(_kept(sys.stdin.buffer, kept), "stdin", "stdin")
    if file.is_fifo():
        with file.open("rb") as pipe:
            return Photo(_kept(pipe, kept), str(file), file.stem)
    return Photo(file, str(file), file.stem)


def _kept(source: BinaryIO, target: Path) -> Path:
    with target.open("xb") as file:
        shutil.copyfileobj(source, file)
    return target
