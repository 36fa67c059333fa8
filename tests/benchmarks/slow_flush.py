"""A PostgreSQL whose flush takes as long as a cloud disk's (slow_flush.c)."""

import shutil
import subprocess
import sys
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from app.embedded.child import Child
from app.embedded.postgres import EmbeddedPostgres
from tests.benchmarks.bench import Bench
from tests.servers import open_folder

FLUSH_MS: Final = 3
SOURCE: Final = Path(__file__).with_suffix(".c")


class SlowPostgres(EmbeddedPostgres):
    """Darkroom's own PostgreSQL, with a library loaded before all others."""

    def __init__(self, folder: Path, library: Path) -> None:
        super().__init__(folder)
        self._library = library

    @cached_property
    def child(self) -> Child:
        """How it is run."""
        child = super().child
        return replace(child, env={**child.env, "LD_PRELOAD": str(self._library)})


def slow_postgres(bench: Bench, stack: ExitStack) -> str | None:
    """The URL of a PostgreSQL whose flush is slow; None where it cannot be had here, and why is noted."""
    compiler = shutil.which("cc")
    if compiler is None or sys.platform != "linux":
        bench.note("The slow flush is left out: it needs Linux and a C compiler, cc.")
        return None
    folder = stack.enter_context(open_folder())
    library = folder / "slow_flush.so"
    options = ("-shared", "-fPIC", f"-DFLUSH_MS={FLUSH_MS}", "-o", str(library), str(SOURCE), "-ldl")
    subprocess.run([compiler, *options], check=True)
    return stack.enter_context(SlowPostgres(folder / "data", library)).url
