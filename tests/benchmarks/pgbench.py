"""The limit of an append: pgbench inserts the same row, one a transaction, in prepared statements and with no lock."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit

from domain.mapper import EventMapper
from projections.log.appending import row_of
from tests.benchmarks.contest import Figures
from tests.benchmarks.lives import life

PROGRAM: Final = shutil.which("pgbench")
THREADS: Final = 2


def write_script(folder: Path) -> Path:
    """What each transaction does."""
    row = row_of(EventMapper().to_stored_event(life()[3]))
    script = folder / "insert.sql"
    statement = (
        "INSERT INTO event_log (upload_id, version, name, event_id, actor, correlation_id, schema_version, state)"
        f" VALUES (gen_random_uuid(), 1, '{row['name']}', '{row['event_id']}', '{row['actor']}',"
        f" '{row['correlation_id']}', {row['schema_version']}, '{row['state']}');\n"
    )
    script.write_text(statement.replace(":", ": "))  # a name right after a colon would be a variable
    return script


def insert(url: str, script: Path, clients: int, seconds: float) -> Figures:
    """Let so many clients insert for so long; the program counts in whole seconds."""
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    where = ("-h", query["host"][0], "-U", query["user"][0], parts.path.lstrip("/"))
    threads = min(clients, THREADS)
    how = ("-n", "-M", "prepared", f"-c{clients}", f"-j{threads}", f"-T{max(round(seconds), 1)}", "-f", str(script))
    done = subprocess.run([PROGRAM or "pgbench", *how, *where], capture_output=True, text=True, check=True)
    found = re.search(r"tps = ([\d.]+)", done.stdout)
    assert found, done.stdout
    return {"events/s": float(found[1])}
