"""Session tokens that we did not sign leave a line a minute and are counted."""

import structlog
from prometheus_client import generate_latest

from tests.integration.api.service import Service


def test_refused_tokens_are_counted_on_every_path_and_told_once(service: Service) -> None:
    upload_id, _ = service.submitted()
    with structlog.testing.capture_logs() as lines:
        answers = [service.poll(upload_id, "forged") for _ in range(3)]
        answers += [
            service.result(upload_id, "forged"),
            service.client.post(f"/api/uploads/{upload_id}/cancel", headers={"X-Session-Token": "forged"}),
        ]

    assert {answer.status_code for answer in answers} == {401}
    told = generate_latest(service.services.registry).decode()
    assert "darkroom_session_tokens_refused_total 5.0" in told
    refused = [line for line in lines if line["event"] == "api.token_refused"]
    assert [line["times"] for line in refused] == [1]
    assert "forged" not in str(lines)
