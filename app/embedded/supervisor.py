r"""The supervisor: starts children in groups, starts again what ends by itself, and stops all in the reverse order.

    start -> (waits until ready) -> run -> (asked to stop) -> stop
                 \ ended: a pause that grows, then started again, for as long as it runs

It knows no child in particular. One group is stopped after the other, the last one first.
"""

import contextlib
import signal
import socket
import time
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Final, Self

from app.embedded.child import Child, Process
from domain.errors import DarkroomError

FIRST_PAUSE: Final = 0.2
LONGEST_PAUSE: Final = 10.0
"""In seconds, before a child that ended is started again; doubled each time."""
STEADY_SECONDS: Final = 60.0
"""A child that ran for so long is trusted again: the next pause is the first one."""
START_SECONDS: Final = 60.0
"""How long a group may take until it is ready."""
START_TRIES: Final = 3
"""How often a child may end before the group is ready for the first time."""
GLANCE_SECONDS: Final = 0.02
"""How often the children are looked at while they start or stop."""
CALM_SECONDS: Final = 1.0
"""The same while all of them run: a signal, such as that of a child's end, is seen at once."""
RESTART_SECONDS: Final = 0.1
"""The same while one of them is started again."""
SIGNALS: Final = 4096
"""The most that are heard of at once; each is a byte."""


OnEvent = Callable[..., object]
"""Is told what happens to the children, as an event and its fields; a structlog logger's method fits."""


class ChildNotReadyError(DarkroomError):
    """A part of the service did not start."""


class StopAskedError(DarkroomError):
    """The service was asked to stop while it was starting."""


class Supervisor:
    """Keeps children running. As a context manager it turns SIGINT and SIGTERM into an orderly stop.

    A second signal ends everything at once. To be used from the main thread only: children die with their thread.
    """

    def __init__(self, on_event: OnEvent = lambda _event, **_fields: None) -> None:
        self._on_event = on_event
        self._groups: list[list[_Post]] = []
        self._asked = 0
        self._handlers: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._handlers[number] = signal.signal(number, self._ask)
        # Without a handler the signal of a child's end would not be told to the socket.
        self._handlers[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> bool:
        self.stop()
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        return isinstance(error, StopAskedError)

    def start(self, *children: Child) -> None:
        """Start a group and wait until it is ready. Raises ChildNotReadyError, and StopAskedError on a signal."""
        group = [_Post(child, self._on_event) for child in children]
        self._groups.append(group)
        deadline = time.monotonic() + START_SECONDS
        while not all(post.ready for post in group):
            self._look_after()
            if self._asked:
                raise StopAskedError
            if time.monotonic() > deadline or any(post.endings >= START_TRIES for post in group):
                raise ChildNotReadyError("\n".join(post.complaint() for post in group if not post.ready))
            time.sleep(GLANCE_SECONDS)

    def run(self) -> None:
        """Keep the children running until a signal asks to stop."""
        with contextlib.ExitStack() as stack:
            heard, told = (stack.enter_context(end) for end in socket.socketpair())
            told.settimeout(0)
            stack.callback(signal.set_wakeup_fd, signal.set_wakeup_fd(told.fileno(), warn_on_full_buffer=False))
            while not self._asked:
                self._look_after()
                heard.settimeout(CALM_SECONDS if self._is_calm else RESTART_SECONDS)
                with contextlib.suppress(TimeoutError):
                    heard.recv(SIGNALS)

    def stop(self) -> None:
        """Stop all of them, the last group first; a signal meanwhile ends the rest at once."""
        asked = self._asked
        while self._groups:
            group = self._groups.pop()
            for post in group:
                post.ask()
            while self._asked == asked and any(post.stopping for post in group):
                time.sleep(GLANCE_SECONDS)
            for post in group:
                post.end()

    def pid_of(self, name: str) -> int | None:
        """The process id of the child of that name, or None between two runs."""
        posts = (post for group in self._groups for post in group if post.child.name == name)
        return next((post.process.pid for post in posts if post.process), None)

    @property
    def _is_calm(self) -> bool:
        return all(post.ready for group in self._groups for post in group)

    def _look_after(self) -> None:
        for group in self._groups:
            for post in group:
                post.look_after()

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self._asked += 1


class _Post:
    """One child's place in the service, whichever process holds it at the moment, if any."""

    def __init__(self, child: Child, on_event: OnEvent) -> None:
        self.child = child
        self.process: Process | None = None
        self.ready = False
        self.endings = 0
        self._on_event = on_event
        self._pause = FIRST_PAUSE
        self._due = 0.0
        self._give_up_at = 0.0
        self._last_ending = ""

    def look_after(self) -> None:
        if self.process is None:
            if time.monotonic() >= self._due:
                self._begin()
        elif self.process.ended:
            self._note_ending(self.process, self.process.ending)
        elif not self.ready and self.process.ready:
            self.ready = True
            if self.child.ready:
                self._on_event("child ready", child=self.child.name, seconds=round(self.process.age, 2))

    def _begin(self) -> None:
        try:
            self.process = Process(self.child)
        except (DarkroomError, OSError) as error:
            self._note_ending(None, str(error))
        else:
            self._on_event("child started", child=self.child.name, pid=self.process.pid)

    def _note_ending(self, process: Process | None, how: str) -> None:
        if process and process.age >= STEADY_SECONDS:
            self._pause = FIRST_PAUSE
        self._on_event("child ended", child=self.child.name, how=how, again_in_seconds=self._pause)
        self._due = time.monotonic() + self._pause
        self._pause = min(self._pause * 2, LONGEST_PAUSE)
        self._last_ending = how
        self.process, self.ready = None, False
        self.endings += 1

    def complaint(self) -> str:
        ending = f"it ended: {self._last_ending}" if self.endings else "it runs, but takes too long"
        return f"{self.child.name} did not become ready; {ending}.\n{self.child.last_words()}".rstrip()

    def ask(self) -> None:
        self._give_up_at = time.monotonic() + self.child.stop_seconds
        if self.process and not self.process.ended:
            self._on_event("child stopping", child=self.child.name)
            self.process.ask()

    @property
    def stopping(self) -> bool:
        return self.process is not None and not self.process.ended and time.monotonic() < self._give_up_at

    def end(self) -> None:
        if self.process and not self.process.ended:
            self._on_event("child killed", child=self.child.name)
            self.process.kill()
        self.process, self.ready = None, False
