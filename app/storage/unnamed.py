"""A file that has no name yet. It is gone when it is closed, unless it is given one."""

import io
import os
from pathlib import Path


class Unnamed(io.BufferedRandom):
    """A file in a folder's file system. Raises OSError where there are no such files."""

    def __init__(self, folder: Path) -> None:
        descriptor = os.open(folder, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
        super().__init__(io.FileIO(descriptor, "r+b"))

    def sync(self) -> None:
        """Return when its content survives a power cut."""
        self.flush()
        os.fsync(self.fileno())

    def link(self, path: Path) -> None:
        """Give it this name. Raises FileExistsError."""
        # Python follows the link to the file only if it is given a folder, which an absolute path makes no use of.
        os.link(f"/proc/self/fd/{self.fileno()}", path, src_dir_fd=self.fileno())
