"""Real servers for tests: PostgreSQL and Valkey below a folder that goes away afterwards."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.embedded.postgres import EmbeddedPostgres
from app.embedded.valkey import EmbeddedValkey


@contextmanager
def open_folder() -> Iterator[Path]:
    """A short folder that the account of PostgreSQL may pass through; pytest's own is closed to it as root."""
    folder = Path(tempfile.mkdtemp(prefix="dk-"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def running_postgres() -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL of one's own with an empty database; about a second."""
    with open_folder() as folder, EmbeddedPostgres(folder) as postgres:
        yield postgres


@contextmanager
def running_valkey() -> Iterator[EmbeddedValkey]:
    """A Valkey of one's own."""
    with open_folder() as folder, EmbeddedValkey(folder) as valkey:
        yield valkey
