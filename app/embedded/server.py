"""The common part of both embedded servers: where they run, and how one starts and stops without the service."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypedDict, Unpack

from app.embedded.binaries import CACHE
from app.embedded.child import Account, Child
from app.embedded.homes import SHELTER
from app.embedded.supervisor import Supervisor

LogLine = Callable[[str], object]
"""Is told, in one sentence, what the operator would wonder about."""
CLEAN_ENV: Final = {"LC_ALL": "C", "PATH": "/usr/local/bin:/usr/bin:/bin"}
"""The servers' environment: nothing of ours, so that no variable of the user's changes what they do."""


class Surroundings(TypedDict, total=False):
    """Where a server puts what its account cannot reach elsewhere, and who is told of it."""

    shelter: Path
    """The folder of data folders."""
    cache: Path
    """The folder of copied binaries."""
    on_surprise: LogLine


class EmbeddedServer(ABC):
    """A server below a data folder. Use `child` to have it supervised, or start and stop it alone."""

    def __init__(self, folder: Path, **surroundings: Unpack[Surroundings]) -> None:
        self.folder = folder.absolute()
        self._shelter = surroundings.get("shelter", SHELTER)
        self._cache = surroundings.get("cache", CACHE)
        self._on_surprise = surroundings.get("on_surprise", lambda _sentence: None)
        self._account = self._own_account()
        self._supervisor = Supervisor()

    @staticmethod
    @abstractmethod
    def _own_account() -> Account | None:
        """The account that it runs as; None for our own."""

    @property
    @abstractmethod
    def child(self) -> Child:
        """How it is run; making this up also makes its folders."""

    @property
    def pid(self) -> int | None:
        """The process id while it runs alone."""
        return self._supervisor.pid_of(self.child.name)

    def start(self) -> Self:
        """Start it and wait until it is ready. Raises ChildNotReadyError."""
        try:
            self._supervisor.start(self.child)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop it in good order; no error when it does not run."""
        self._supervisor.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.stop()
