"""The read model that a rebuild replaced is kept: it can be swapped in again, or forgotten."""

import pytest

from domain.stages import Stage
from domain.uploads import Uploads
from projections.log.event_log import EventLog
from projections.log.pools import Pool
from projections.rows import models
from projections.rows.models import ReadModelError
from projections.rows.projector import projector
from projections.rows.rebuilding import back, forget, rebuild
from tests.integration.rebuilding.rows import execute, rights, rows
from tests.integration.test_schema import structure
from tests.submissions import run_to, submit


def test_the_old_one_comes_back_with_its_own_rows_and_what_happened_since(
    lives: Uploads, event_log: EventLog, pool: Pool
) -> None:
    execute(pool, "UPDATE uploads SET error_message = 'the old way' WHERE stage = 'failed'")
    rebuild(event_log, pool)
    new = run_to(lives, submit(lives).id, Stage.COMPLETE)
    projector(event_log, pool).catch_up()
    assert "the old way" not in str(rows(pool))
    back(event_log, pool)

    assert "the old way" in str(rows(pool))
    assert str(new.id) in str(rows(pool))
    back(event_log, pool)
    assert "the old way" not in str(rows(pool))


@pytest.mark.usefixtures("lives")
def test_going_back_and_forth_changes_no_table(database_url: str, event_log: EventLog, pool: Pool) -> None:
    before = structure(database_url), rights(pool), rows(pool)
    rebuild(event_log, pool)
    for _ in range(2):
        back(event_log, pool)

        assert (structure(database_url), rights(pool), rows(pool)) == before


@pytest.mark.usefixtures("lives")
def test_the_next_rebuild_keeps_the_one_that_it_replaces(event_log: EventLog, pool: Pool) -> None:
    execute(pool, "UPDATE uploads SET error_message = 'the first' WHERE stage = 'failed'")
    rebuild(event_log, pool)
    execute(pool, "UPDATE uploads SET error_message = 'the second' WHERE stage = 'failed'")
    kept = rebuild(event_log, pool).kept

    assert "the second" in str(rows(pool, kept))
    assert schemas(pool) == [kept]


@pytest.mark.usefixtures("lives")
def test_what_is_forgotten_is_gone(event_log: EventLog, pool: Pool) -> None:
    assert not forget(pool)
    rebuild(event_log, pool)

    assert forget(pool)
    assert schemas(pool) == []
    with pytest.raises(ReadModelError, match="No read model is kept"):
        back(event_log, pool)


def schemas(pool: Pool) -> list[str]:
    """Where there are read models beside the live one, by their list and by the database."""
    with pool.connection() as connection:
        found = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'public\\_%'").fetchall()
        assert [model.schema for model in models.models(connection)] == [name for (name,) in found]
    return [name for (name,) in found]
