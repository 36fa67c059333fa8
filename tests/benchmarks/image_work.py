"""The image work of one upload and nothing else: a process that is warm, and the CPU time of the steps in it."""

import importlib
import multiprocessing
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Final

from tests.benchmarks.contest import Figures
from workers.imaging.developing import develop
from workers.imaging.jobs import Develop, Finish, Print
from workers.imaging.opening import PLUGINS, load_decoders
from workers.imaging.printing import make_print
from workers.imaging.watermarking import finish

SECONDS: Final = 300
CPU: Final = "CPU ms an upload"


def by_pillow(photo: bytes, answer: bytes | None) -> None:
    """The jobs that the stages give their children; the local renderer makes the answer if there is none."""
    clean = develop(Develop(photo, 50_000_000, 20_000, longest_side=2048, quality=92))
    made = answer or make_print(Print(clean.jpeg, "a prompt")).jpeg
    full = Develop(made, 40_000_000, 8192, longest_side=8192, quality=95)
    finish(Finish(full, "DARKROOM  PREVIEW", longest_side=1280, quality=85))


def measure(work: str, photo: bytes, answer: bytes | None, count: int) -> Figures:
    """The CPU time of `module:function` in a new process, each time after the first."""
    context = multiprocessing.get_context("forkserver")
    ours, theirs = context.Pipe()
    process = context.Process(target=_measure, args=(work, photo, answer, count, theirs), daemon=True)
    process.start()
    theirs.close()
    assert ours.poll(SECONDS), f"{work} does not end"
    figures: Figures = ours.recv()
    process.join()
    return figures


def _measure(work: str, photo: bytes, answer: bytes | None, count: int, end: Connection) -> None:
    load_decoders(*PLUGINS)
    module, _, name = work.partition(":")
    function: Callable[[bytes, bytes | None], None] = getattr(importlib.import_module(module), name)
    function(photo, answer)
    began = time.process_time()
    for _ in range(count):
        function(photo, answer)
    end.send({CPU: (time.process_time() - began) * 1000 / count})
