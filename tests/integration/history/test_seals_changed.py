"""Seals that were changed or removed themselves, by a superuser without the triggers: each is found and named."""

from pathlib import Path
from typing import Final

import psycopg
import pytest

from tests.integration.history.exports import run
from tests.integration.history.injuries import FILL, injure

SEALS: Final = {
    "its root": ("UPDATE seals SET root = sha256('x') WHERE first = 257", "257-512: the seal was changed"),
    "its hash": ("UPDATE seals SET hash = sha256('x') WHERE first = 257", "257-512: the seal was changed"),
    "its count": ("UPDATE seals SET count = count - 1 WHERE first = 257", "257-512: the seal was changed"),
    "the seal before": ("UPDATE seals SET previous = sha256('x') WHERE first = 257", "257-512: the seal was changed"),
    "the hash of the newest": ("UPDATE seals SET hash = sha256('x') WHERE first = 513", "513-"),
    "removed": ("DELETE FROM seals WHERE first = 257", "257-512: the seal of this page was removed"),
    "the first one removed": ("DELETE FROM seals WHERE first = 1", "1-256: the seal of this page was removed"),
    "the newest one removed": ("DELETE FROM seals WHERE first = 513", "513-768: the seal of this page was removed"),
    "removed with its events": (
        "WITH e AS (DELETE FROM event_log WHERE position BETWEEN 257 AND 512) DELETE FROM seals WHERE first = 257",
        "257-512: the events were removed, and their seals too",
    ),
}


@pytest.mark.parametrize("injury", SEALS)
def test_a_seal_that_was_changed_or_removed_is_found_and_named(filled_url: str, head: Path, injury: str) -> None:
    statement, expected = SEALS[injury]
    with psycopg.connect(filled_url) as connection:
        injure(connection, statement)

    done = run(filled_url, "verify", "--head", head)
    assert done.exit_code == 1, done.output
    assert [line.startswith(expected) for line in done.stdout.splitlines()] == [True], done.stdout


def test_a_removed_upload_is_named_by_every_page_that_it_was_in(filled_url: str, head: Path) -> None:
    with psycopg.connect(filled_url) as connection:
        (upload,) = connection.execute("SELECT upload_id FROM event_log WHERE position = 1").fetchone() or ("",)
        injure(connection, f"DELETE FROM event_log WHERE upload_id = '{upload}' OR position = 600")

    done = run(filled_url, "verify", "--head", head)
    assert done.exit_code == 1, done.output
    assert [line.partition(":")[0].partition("-")[0] for line in done.stdout.splitlines()] == ["1", "513"]


def test_events_in_a_page_that_never_was_are_named_by_their_position(filled_url: str, head: Path) -> None:
    with psycopg.connect(filled_url) as connection:
        connection.execute("SELECT setval(pg_get_serial_sequence('event_log', 'position'), 2000)")
        connection.execute(FILL)
    done = run(filled_url, "events", "head", "--json", folder=head.parent / "data")
    head.write_text(done.stdout)
    assert run(filled_url, "verify", "--head", head).exit_code == 0
    with psycopg.connect(filled_url) as connection:
        connection.execute(
            "INSERT INTO event_log (position, upload_id, version, name, event_id, actor, state) OVERRIDING SYSTEM VALUE"
            " SELECT 1500, gen_random_uuid(), 1, name, event_id, actor, state FROM event_log WHERE position = 99"
        )
    done = run(filled_url, "verify", "--head", head)
    assert (done.exit_code, done.stdout.startswith("1500: an event was put in")) == (1, True), done.output
