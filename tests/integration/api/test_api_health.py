"""/healthz and /readyz: health is a ping per dependency."""

import threading
from pathlib import Path

from app.api.http.services import Check
from domain.errors import QueueUnavailableError
from tests.integration.api.service import Service, error_of, running_service
from tests.waiting import BUSY_SECONDS

SECRET = "postgresql://erika:hunter2@db.example"


def fail_with(error: Exception) -> Check:
    """A check that raises."""

    def check() -> None:
        raise error

    return check


def test_the_process_lives(service: Service) -> None:
    response = service.client.get("/healthz")

    assert (response.status_code, response.json()) == (200, {"success": True, "status": "ok"})
    assert response.headers["Cache-Control"] == "no-store"


def test_it_is_ready_when_every_dependency_answers(database_url: str, tmp_path: Path) -> None:
    with running_service(database_url, tmp_path, checks={"postgresql": lambda: None, "redis": lambda: True}) as service:
        response = service.client.get("/readyz")

    assert response.status_code == 200
    assert response.json() == {"success": True, "checks": {"postgresql": "ok", "redis": "ok"}}


def test_one_that_fails_is_named_with_a_sentence_and_no_secret(database_url: str, tmp_path: Path) -> None:
    checks: dict[str, Check] = {
        "postgresql": fail_with(RuntimeError(SECRET)),
        "redis": fail_with(QueueUnavailableError("Its maxmemory-policy is not noeviction.")),
        "storage": lambda: None,
    }
    with running_service(database_url, tmp_path, checks=checks) as service:
        response = service.client.get("/readyz")

        assert service.client.get("/healthz").status_code == 200
    assert error_of(response) == (503, "NOT_READY")
    assert response.json()["checks"] == {
        "postgresql": "It does not answer as it should.",
        "redis": "Its maxmemory-policy is not noeviction.",
        "storage": "ok",
    }
    assert "hunter2" not in response.text


def test_checks_that_hang_are_given_up_together(database_url: str, tmp_path: Path) -> None:
    freed = threading.Event()
    checks = {name: lambda: freed.wait(20) for name in ("a", "b", "c", "d")}
    with running_service(database_url, tmp_path, checks=checks) as service:
        response = service.client.get("/readyz")
        freed.set()

    assert error_of(response) == (503, "NOT_READY")
    assert set(response.json()["checks"].values()) == {"No answer within 2 s."}
    assert response.elapsed.total_seconds() < 2 + BUSY_SECONDS
