"""Refuses photos while the disk is nearly full, because polls and the log still need space."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from domain.errors import StorageUnavailableError
from projections.log.throttled import ThrottledWarning


class DiskSpace:
    """The free space of the folders that photos pass. Without a limit, 0, it is not looked at."""

    def __init__(self, folders: Iterable[Path], min_free: int) -> None:
        self._folders = list(folders)
        self._min_free = min_free
        self._full = ThrottledWarning("api.disk_nearly_full")

    def check(self) -> None:
        """Raise StorageUnavailableError with less than `min_free` bytes free below one of the folders."""
        if not self._min_free:
            return
        for folder in self._folders:
            if folder.exists() and (free := shutil.disk_usage(folder).free) < self._min_free:
                self._full.warn(f"{folder} has less than MIN_FREE_BYTES free", free=free, least=self._min_free)
                raise StorageUnavailableError
