"""What a rebuild takes of memory: the resident set of a process that does nothing else, as it goes on."""

import multiprocessing
import os
from multiprocessing.connection import Connection

from projections.log.event_log import EventLog, Page
from projections.log.pools import open_pool
from projections.rows.rebuilding import rebuild
from tests.benchmarks.contest import Figures
from tests.linux_processes import resident_bytes


class Watched(EventLog):
    """The log, which notes at every page what its process holds."""

    def page(self, after: int, limit: int) -> Page:
        """The next page."""
        self.sizes.append(resident_bytes(os.getpid()) / 2**20)
        return super().page(after, limit)

    sizes: list[float]


def rebuild_memory(url: str) -> Figures:
    """Rebuild in a process of its own."""
    context = multiprocessing.get_context("forkserver")
    ours, theirs = context.Pipe()
    process = context.Process(target=_rebuild, args=(url, theirs), daemon=True)
    process.start()
    sizes: list[float] = ours.recv()
    process.join()
    early, last = sizes[len(sizes) // 10], sizes[-1]
    return {"MiB": last, "MiB at its end, of those at a tenth": last / early}


def _rebuild(url: str, end: Connection) -> None:
    with open_pool(url, 4, "bench") as pool:
        log = Watched(pool)
        log.sizes = []
        rebuild(log, pool)
    end.send(log.sizes)
