"""A little of each fuzzer, so that it goes on working. `python -m tests.fuzz` does all of it, and .ci/run some more."""

import re
from pathlib import Path

import pytest

from app.backup.archive import BackupError
from tests.fuzz import bodies, multipart
from tests.fuzz.readers import Reader, readers
from tests.integration.api.serving import running

SEED = "15"


def test_forms_that_no_browser_sends_are_answered_as_the_contract_says(database_url: str, tmp_path: Path) -> None:
    with running(database_url, tmp_path) as server:
        assert list(multipart.faults(server, 300, SEED)) == []


def test_every_reader_reads_its_own_examples(tmp_path: Path) -> None:
    for reader in readers(tmp_path):
        for example in reader.examples:
            reader.read(example)


def test_damaged_bodies_are_refused_with_the_errors_that_their_readers_name() -> None:
    assert list(bodies.faults(10_000, SEED)) == []


@pytest.mark.parametrize("name", ["a head", "a proof", "an export's manifest", "a backup's manifest"])
def test_text_that_is_no_utf_8_is_refused_like_any_other(tmp_path: Path, name: str) -> None:
    (reader,) = (reader for reader in readers(tmp_path) if reader.name == name)
    text = re.sub(rb'(": ?")', rb"\1" + b"\xff", reader.examples[0], count=1)

    with pytest.raises(reader.refusals):
        reader.read(text)


def test_an_answer_of_the_image_child_that_is_no_utf_8_blames_the_child(tmp_path: Path) -> None:
    (reader,) = (reader for reader in readers(tmp_path) if reader.name == "the image child's answer")

    with pytest.raises(reader.refusals, match="cannot be read"):
        reader.read(reader.examples[1].replace(b"why", b"wh\xff"))


@pytest.mark.parametrize("name", ["a line of an export", "a proof"])
def test_a_time_without_an_offset_is_refused(tmp_path: Path, name: str) -> None:
    (reader,) = (reader for reader in readers(tmp_path) if reader.name == name)
    naive = reader.examples[0].replace(b"03:04:05Z", b"03:04:05")

    assert naive != reader.examples[0]
    assert bodies.outcome(reader, naive) is None


def test_an_error_that_a_reader_does_not_name_is_a_fault() -> None:
    reader = Reader("a number", [b"1"], int, (BackupError,))

    assert "ValueError" in (bodies.outcome(reader, b"x") or "")
    assert bodies.outcome(reader, b"1") is None
