"""An event that cannot be read makes its own upload unavailable for a while, and no other one."""

from uuid import UUID

import pytest
from psycopg.types.json import Jsonb

from domain.stages import Stage
from tests.integration.api.service import Service, error_of

BROKEN = {
    "an unknown stage": {"stage": "polishing"},
    "a newer schema version": {"schema_version": 99},
    "a wrong type": {"progress": "many"},
}


def overwrite(service: Service, upload_id: UUID, **facts: object) -> None:
    """Change the facts of the upload's last step, as if another version had written them."""
    with service.lives.pool.connection() as connection, connection.transaction():
        connection.execute("ALTER TABLE event_log DISABLE TRIGGER USER")
        changed = connection.execute(
            "UPDATE event_log SET state = (state::jsonb || %s)::text::jsonb WHERE upload_id = %s AND version ="
            " (SELECT max(version) FROM event_log WHERE upload_id = %s AND name = 'upload.stage-advanced')",
            (Jsonb(facts), upload_id, upload_id),
        )
        assert changed.rowcount == 1
        connection.execute("ALTER TABLE event_log ENABLE TRIGGER USER")


@pytest.mark.parametrize("facts", BROKEN.values(), ids=BROKEN)
def test_an_unreadable_event_of_one_upload_fails_no_poll_of_another(service: Service, facts: dict[str, object]) -> None:
    ended, _ = service.submitted()
    service.complete(ended)
    overwrite(service, ended, **facts)
    running, token = service.submitted()
    service.lives.run(running, Stage.GENERATING)
    service.lives.project()
    waiting, other_token = service.submitted()

    for job_id, session in ((running, token), (waiting, other_token)):
        assert service.poll(job_id, session).status_code == 200


@pytest.mark.parametrize("facts", BROKEN.values(), ids=BROKEN)
def test_its_own_client_is_told_to_come_again(service: Service, facts: dict[str, object]) -> None:
    upload_id, token = service.submitted()
    service.lives.run(upload_id, Stage.GENERATING)
    overwrite(service, upload_id, **facts)

    answer = service.poll(upload_id, token, If_None_Match='"3"')

    assert error_of(answer) == (503, "UNAVAILABLE")
    assert "Retry-After" in answer.headers


def test_a_version_that_is_missing_is_unavailable_and_no_fault_of_ours(service: Service) -> None:
    upload_id, token = service.submitted()
    service.lives.run(upload_id, Stage.GENERATING)
    with service.lives.pool.connection() as connection, connection.transaction():
        connection.execute("ALTER TABLE event_log DISABLE TRIGGER USER")
        connection.execute("DELETE FROM event_log WHERE upload_id = %s AND version = 2", (upload_id,))
        connection.execute("ALTER TABLE event_log ENABLE TRIGGER USER")

    answer = service.poll(upload_id, token, If_None_Match='"3"')

    assert error_of(answer) == (503, "UNAVAILABLE")
