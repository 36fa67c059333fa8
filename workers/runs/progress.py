"""Progress during generating: it rises while the image model is called, at the speed of a usual call."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import copy_context
from threading import Event, Thread
from time import monotonic
from typing import Final

from domain.errors import DarkroomError
from domain.stages import Stage
from workers.runs.attempt import Attempt
from workers.steps.generating import progress_after

TICK_SECONDS: Final = 1.0
"""A step in between costs as much as one of the pipeline: on a busy machine three of an upload's nine appends were such
steps of the local model, which is then waited for and not slow."""
TICK_PROGRESS: Final = 5
"""Progress is appended when it has grown by so much: a handful of events an upload."""


@contextmanager
def progress_shown(attempt: Attempt, expected_seconds: float) -> Iterator[None]:
    """Move the upload on within generating while the call is under way."""
    done = Event()
    # In a copy of our context, so that its log lines carry the upload's id.
    arguments = (_tick, attempt, expected_seconds, done)
    ticker = Thread(target=copy_context().run, args=arguments, name="ticker", daemon=True)
    ticker.start()
    try:
        yield
    finally:
        done.set()
        ticker.join()


def _tick(attempt: Attempt, expected_seconds: float, done: Event) -> None:
    started = monotonic()
    while not done.wait(TICK_SECONDS):
        progress = progress_after(monotonic() - started, expected_seconds) // TICK_PROGRESS * TICK_PROGRESS
        if progress > attempt.upload.progress:
            try:
                attempt.advance(Stage.GENERATING, progress)
            except DarkroomError:
                return  # the call goes on; the next append meets the same error and handles it
