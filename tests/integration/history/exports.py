"""The commands of `darkroom events` on a database, as a shell would run them."""

import json
from pathlib import Path
from typing import Any

import psycopg
from click.testing import CliRunner, Result
from psycopg.rows import class_row

from app.cli import darkroom
from projections.log.event_log import COLUMNS, LoggedEvent

SELECT_LOG = f"SELECT {COLUMNS} FROM event_log ORDER BY position"


def run(database_url: str, *arguments: object, folder: Path | None = None) -> Result:
    """Run a command of ours; its stdout, stderr and exit code."""
    environment = {"DATABASE_URL": database_url, "REDIS_URL": "redis://127.0.0.1:1/0"}
    if folder:
        environment["DATA_DIR"] = str(folder)
    return CliRunner(env=environment).invoke(darkroom, [str(argument) for argument in arguments])


def export(database_url: str, out: Path, *options: object) -> dict[str, Any]:
    """Export into a file; its manifest."""
    done = run(database_url, "events", "export", "--out", out, *options)
    assert done.exit_code == 0, done.output
    return manifest(out)


def manifest(out: Path) -> dict[str, Any]:
    """The manifest of a file."""
    found: dict[str, Any] = json.loads(out.with_name(f"{out.name}.manifest.json").read_text())
    return found


def lines(out: Path) -> list[dict[str, Any]]:
    """The events of a file."""
    return [json.loads(line) for line in out.read_text().splitlines()]


def whole_log(database_url: str) -> list[tuple[Any, ...]]:
    """Every row of the log."""
    with psycopg.connect(database_url) as connection:
        found = connection.cursor(row_factory=class_row(LoggedEvent)).execute(SELECT_LOG.encode())
        return [(row.position, row.upload_id, row.version, row.name, row.recorded_at, row.facts) for row in found]
