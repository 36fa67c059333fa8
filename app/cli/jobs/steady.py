"""A photo while it is sent. The server is told its length first, so the length may not change meanwhile."""

import os
from errno import EIO
from io import BufferedReader
from pathlib import Path


class SteadyFile(BufferedReader):
    """A file to read, which has to end where it ended when it was opened."""

    def __init__(self, path: Path) -> None:
        super().__init__(path.open("rb", 0))
        self._size = os.fstat(self.fileno()).st_size

    def read(self, size: int | None = -1, /) -> bytes:
        """The next bytes. Raises OSError if the file has become longer or shorter."""
        chunk = super().read(size)
        if self.tell() > self._size or (not chunk and self.tell() < self._size):
            raise OSError(EIO, "its length changed while it was sent. Send it once it is whole")
        return chunk
