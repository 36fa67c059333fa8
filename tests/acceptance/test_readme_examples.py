"""The lines of README.md that a newcomer copies into a shell, run by bash against a running service."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
from PIL import Image

from tests.acceptance.service import Service, clean_environment

ROOT: Final = Path(__file__).parents[2]
MARK: Final = "<!-- tests/acceptance/test_readme_examples.py runs the next block -->\n```sh\n"
SERVER: Final = "http://127.0.0.1:8000"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder with all that the lines need of a clone."""
    (tmp_path / "tests").symlink_to(ROOT / "tests")
    return tmp_path


@pytest.fixture
def our_curl(tmp_path: Path) -> Path:
    """A folder with a curl in it, for a machine that has none."""
    command = tmp_path / "bin" / "curl"
    command.parent.mkdir()
    command.write_text(f'#!/bin/bash\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m tests.fakes.curl "$@"\n')
    command.chmod(0o755)
    return command.parent


def lines_for(server: str) -> str:
    """The block that README.md promises to be run here, for another server."""
    marked = (ROOT / "app/api/README.md").read_text().partition(MARK)[2]
    lines = marked.partition("```\n")[0]
    assert lines.count(SERVER) == 1
    return lines.replace(SERVER, server)


def run(lines: str, clone: Path, path: str) -> str:
    """What bash prints when it runs the lines; none may fail."""
    done = subprocess.run(
        ["/bin/bash", "-euo", "pipefail", "-c", lines],
        cwd=clone,
        env=clean_environment(PATH=path),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    return done.stdout


@pytest.mark.parametrize("ours_first", [False, True], ids=["the machine's curl", "our curl"])
def test_the_curl_lines_do_what_they_say(service: Service, clone: Path, our_curl: Path, *, ours_first: bool) -> None:
    folders = [os.environ["PATH"], str(our_curl)]
    said = run(lines_for(service.url), clone, ":".join(reversed(folders) if ours_first else folders))

    bodies: list[dict[str, Any]] = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    submitted, ended, result, again, conflict, stranger = bodies
    assert submitted["status"] == "pending"
    assert (ended["jobId"], ended["status"], ended["progress"]) == (submitted["jobId"], "completed", 100)
    assert (result["resultId"], result["jobId"]) == (ended["resultId"], ended["jobId"])
    assert again == submitted
    assert [body["error"]["code"] for body in (conflict, stranger)] == ["IDEMPOTENCY_CONFLICT", "UNAUTHORIZED"]
    assert re.findall(r"^HTTP/1.1 (\d+)", said, re.MULTILINE) == ["304", "422", "401"]
    with Image.open(clone / "preview.jpg") as preview:
        assert preview.size == (result["preview"]["width"], result["preview"]["height"])
