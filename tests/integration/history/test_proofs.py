"""`darkroom events proof` and `check`: one upload's history, proven without the database."""

import json
from pathlib import Path

import pytest

from tests.integration.history.exports import run
from tests.integration.history.known import GOOD


@pytest.fixture
def proof(known_url: str, tmp_path: Path) -> Path:
    """The proof of an upload of ten events."""
    done = run(known_url, "events", "proof", GOOD, folder=tmp_path / "data")
    assert done.exit_code == 0, done.output
    kept = tmp_path / "proof.json"
    kept.write_text(done.stdout)
    return kept


def test_a_proof_holds_without_a_database(proof: Path, known_url: str) -> None:
    done = run("postgresql://127.0.0.1:1/none", "events", "check", proof)
    assert (done.exit_code, done.stdout.startswith("10 events")) == (0, True), done.output

    head = proof.with_name("head.json")
    head.write_text(run(known_url, "events", "head", "--json", folder=proof.parent / "data").stdout)
    assert run("postgresql://127.0.0.1:1/none", "events", "check", proof, "--head", head).exit_code == 0


def test_with_the_data_folder_it_is_checked_whose_key_signed_the_head(proof: Path, known_url: str) -> None:
    own, other = proof.parent / "data", proof.parent / "other"
    run(known_url, "events", "head", folder=other)
    right, wrong, none = (
        run("postgresql://127.0.0.1:1/none", "events", "check", proof, "--data", folder)
        for folder in (own, other, proof.parent / "none")
    )

    assert (right.exit_code, wrong.exit_code, none.exit_code) == (0, 1, 2)
    assert "signed the head, and not the key of this service" in wrong.stdout
    assert "cannot be read from" in none.output
    assert not (proof.parent / "none").exists(), "a check makes no key"


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        ('"progress": 70', '"progress": 60', "not the event that was sealed"),
        ("10:00:13Z", "10:00:13.000001Z", "not the event that was sealed"),
        ('"previous":"00', '"previous":"01', "do not lead to the head"),
        ('"index":0', '"index":1', "not the event that was sealed"),
        ('"version":1,', '"version":1,"note":"fine",', "unknown field `note`"),
        ('"uploadId":"', '"uploadId":"00000000-0000-4000-8000-000000000000","was":"', "unknown field `was`"),
    ],
)
def test_a_proof_that_was_changed_does_not_hold(proof: Path, was: str, becomes: str, said: str) -> None:
    text = proof.read_text()
    assert was in text
    proof.write_text(text.replace(was, becomes, 1))
    done = run("postgresql://127.0.0.1:1/none", "events", "check", proof)
    assert (done.exit_code, said in done.output) == (1, True), done.output


def test_a_proof_from_which_an_event_is_missing_does_not_hold(proof: Path) -> None:
    found = json.loads(proof.read_text())
    del found["events"][3]
    proof.write_text(json.dumps(found))
    assert run("postgresql://127.0.0.1:1/none", "events", "check", proof).exit_code == 1


def test_a_proof_without_an_event_proves_nothing(proof: Path) -> None:
    found = json.loads(proof.read_text())
    proof.write_text(json.dumps({**found, "events": []}))
    done = run("postgresql://127.0.0.1:1/none", "events", "check", proof)
    assert (done.exit_code, "there is no event in it" in done.output) == (1, True)


def test_a_proof_is_of_the_upload_that_it_names(proof: Path) -> None:
    found = json.loads(proof.read_text())
    other = "00000000-0000-4000-8000-000000000000"
    proof.write_text(json.dumps({**found, "uploadId": other}))
    done = run("postgresql://127.0.0.1:1/none", "events", "check", proof)
    assert (done.exit_code, f"is version 1 of {GOOD}, not version 1 of {other}." in done.output) == (1, True)


def test_an_upload_that_is_not_there_has_no_proof(known_url: str, tmp_path: Path) -> None:
    done = run(known_url, "events", "proof", "ffffffff", folder=tmp_path)
    assert (done.exit_code, "no upload that begins with" in done.output) == (1, True)
