"""How `darkroom` refuses: a sentence, an exit code, and nothing left behind."""

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.service import Service, darkroom
from tests.servers import free_port, open_folder


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that PostgreSQL may reach."""
    with open_folder() as folder:
        yield folder


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port on which another program answers everything with 200."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Be silent."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server.server_port
        server.shutdown()


def one_line(text: str) -> str:
    """Without the frames and line breaks that the command line draws."""
    return " ".join(text.replace("│", " ").split())


def test_a_second_up_on_the_same_folder_is_refused(service: Service) -> None:
    done = service.run("up", "--data", service.data, "--port", free_port())
    assert done.returncode == 1
    assert done.stderr.endswith(f"Another Darkroom already runs on {service.data}. Stop it or use --data.\n")
    assert service.run("verify", "--data", service.data).returncode == 0


def test_a_port_that_another_program_has_is_refused(folder: Path, taken_port: int) -> None:
    done = darkroom("up", "--data", folder / "data", "--port", taken_port, folder=folder)
    assert done.returncode == 1
    assert f"Port {taken_port} on 127.0.0.1 is taken by another program." in done.stderr
    assert "is ready on" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("up", "--frobnicate"), "No such option"),
        (("up", "--port", "http"), "'http' is not a valid integer range"),
        (("up", "--port", "70000"), "70000 is not in the range"),
        (("up", "--data", "{file}"), "is a file"),
        (("frobnicate",), "No such command 'frobnicate'"),
        (("work",), "DATABASE_URL and REDIS_URL are missing: `darkroom work` needs both."),
        (("verify", "--data", "nowhere"), "No Darkroom runs on"),
        (("project", "--rebuild", "--data", "nowhere"), "No Darkroom runs on"),
    ],
)
def test_wrong_usage_ends_with_2_and_says_what_is_wrong(tmp_path: Path, arguments: tuple[str, ...], says: str) -> None:
    file = tmp_path / "file"
    file.touch()
    done = darkroom(*(argument.format(file=file) for argument in arguments), folder=tmp_path)
    assert done.returncode == 2
    assert says in one_line(done.stderr)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["up", "serve", "work", "project", "dispatch"])
def test_all_wrong_settings_are_told_at_once(tmp_path: Path, command: str) -> None:
    wrong = {
        "REDIS_URL": "http://not-redis",
        "PORT": "eighty",
        "LOG_LEVEL": "loud",
        "SECRET_KEYS": "short",
        "S3_ENDPOINT_URL": "http://127.0.0.1:1",
    }
    done = darkroom(command, folder=tmp_path, **wrong)
    assert done.returncode == 2
    said = one_line(done.stderr)
    for part in (
        "DATABASE_URL is missing",
        "REDIS_URL must be a URL",
        "PORT must be a whole number from 1 to 65535, not 'eighty'.",
        "LOG_LEVEL must be one of debug, info, warning, error, not 'loud'.",
        "SECRET_KEYS must hold keys of at least 32 characters each",
        "S3_BUCKET is missing",
    ):
        assert part in said
    assert "short" not in said
    assert list(tmp_path.iterdir()) == []
