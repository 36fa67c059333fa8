"""Reads the log page by page. The next page is read in the background while the caller handles the current one."""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from projections.log.event_log import EventLog, LoggedEvent, Page


class Pages:
    """Pages of at most `size` events. After a page that is not full, nothing is read ahead."""

    def __init__(self, event_log: EventLog, size: int) -> None:
        self._log = event_log
        self._size = size
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="pages")
        self._ahead: tuple[int, Future[Page]] | None = None
        self.is_last = False
        """Whether the log had nothing behind the last page. An event that came since then has its notification."""

    def after(self, position: int) -> Sequence[LoggedEvent]:
        """The events after the position, as `EventLog.read` returns them."""
        page, self.is_last = self._page(position)
        if len(page) == self._size:
            last = page[-1].position
            self._ahead = last, self._reader.submit(self._log.page, last, self._size)
        return page

    def _page(self, position: int) -> Page:
        ahead, self._ahead = self._ahead, None
        if ahead and ahead[0] == position:
            return ahead[1].result()
        return self._log.page(position, self._size)
