"""The process starts at once, alone, with as many open files as its connections need."""

import os
import re
import resource
import signal
from pathlib import Path

import httpx
import pytest

from app.api.serving.server import CONNECTIONS
from app.signing.sessions import Sessions
from tests.api_services import KEYS
from tests.integration.api.service import JPEG
from tests.integration.api.serving import Server, answers, running, start


def test_a_port_that_is_taken_is_said_in_one_sentence(server: Server) -> None:
    second = start(server.database_url, server.folder, server.port)

    told = second.communicate(timeout=15)[1]

    assert second.returncode == 1
    sentence = "is taken by another program. Stop that one, or choose another port.\n"
    assert told == f"Port {server.port} on 127.0.0.1 {sentence}"
    assert answers(server)


def test_a_low_limit_of_open_files_is_raised_to_what_its_connections_need(database_url: str, tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (500, hard))
    try:
        with running(database_url, tmp_path) as server:
            limits = Path(f"/proc/{server.process.pid}/limits").read_text()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    raised = re.findall(r"Max open files\s+([0-9]+)", limits)
    assert int(raised[0]) >= min(hard, CONNECTIONS)


def test_it_starts_at_once_and_has_no_child(server: Server) -> None:
    assert Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text() == ""
    os.kill(server.process.pid, signal.SIGKILL)
    server.process.wait()

    with pytest.raises(httpx.TransportError):
        httpx.get(f"{server.url}/healthz")


def test_what_is_logged_holds_no_token(server: Server) -> None:
    token = Sessions(KEYS).new().token
    httpx.get(f"{server.url}/api/status/x?token={token}", headers={"X-Session-Token": token})
    httpx.post(f"{server.url}/api/uploads", files={"image": ("erika.jpg", JPEG)}, headers={"X-Session-Token": token})

    told = server.stop()

    assert "upload.submitted" in told
    assert token not in told
    assert "erika" not in told
