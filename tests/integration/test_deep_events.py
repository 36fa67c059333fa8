"""An event whose JSON is nested thousands deep: `verify` names its upload and goes on, `timeline` shows its row."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner

from app.cli.timeline import timeline
from domain.stages import Stage
from projections.audit.verification import Verification
from tests.lives import Lives

DEPTHS: Final = (500, 3000)


@pytest.fixture
def lives(database_url: str, tmp_path: Path) -> Iterator[Lives]:
    with Lives(database_url, tmp_path) as lives:
        yield lives


def insert_deep(lives: Lives, depth: int) -> str:
    """An upload whose third event nests that deep; returns its id."""
    upload_id = lives.reached(Stage.VALIDATING)
    lives.execute(
        "INSERT INTO event_log (upload_id, version, name, event_id, actor, correlation_id, schema_version, state)"
        " SELECT upload_id, 4, name, event_id, actor, correlation_id, schema_version, state || %s::jsonb"
        " FROM event_log WHERE upload_id = %s AND version = 3",
        '{"deep":' * depth + "1" + "}" * depth,
        upload_id,
    )
    return str(upload_id)


@pytest.mark.parametrize("depth", DEPTHS)
def test_verify_names_the_upload_and_checks_the_others(lives: Lives, depth: int) -> None:
    broken, whole = insert_deep(lives, depth), lives.complete()
    lives.project()
    verification = Verification(lives.pool, lives.store)
    named = {str(violation.upload_id) for violation in verification.violations()}

    assert named == {broken}
    assert verification.checked["uploads"] == 2
    assert whole


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("form", [[], ["--json"]])
def test_timeline_shows_all_of_its_events(lives: Lives, database_url: str, depth: int, form: list[str]) -> None:
    upload_id = insert_deep(lives, depth)
    shown = CliRunner().invoke(timeline, [upload_id, *form], env={"DATABASE_URL": database_url})

    assert shown.exit_code == 0, shown.exception
    assert shown.stdout.count("stage-advanced") >= 2
