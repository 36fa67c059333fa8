"""The five lines of README.md that poll a job, in Python and in curl; those in TypeScript run where Node is."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.acceptance.clients import Api
from tests.acceptance.service import clean_environment
from tests.house.the_house import ROOT, blocks, section

LINES: Final = 5


def run(command: list[str], example: str, api: Api, folder: Path, path: str = os.environ["PATH"]) -> tuple[str, str]:
    """What the example prints for a job of its own, and the job's result."""
    job = api.submit()
    done = subprocess.run(
        [*command, f"{api.url}/api/status/{job.id}", job.token],
        cwd=folder,
        env=clean_environment(PATH=path),
        input=example,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout, api.status(job)["resultId"]


def example_in(language: str) -> str:
    """The example in that language; it keeps the promise of its heading."""
    (example,) = blocks(section("Polling in five lines"), language)
    assert len(example.splitlines()) == LINES
    return example


def test_the_one_in_python_runs(api: Api, tmp_path: Path) -> None:
    printed, result_id = run([sys.executable, "-"], example_in("python"), api, tmp_path)
    assert printed == f"completed 100 {result_id}\n"


def test_the_one_in_curl_runs(api: Api, tmp_path: Path) -> None:
    curl = tmp_path / "curl"
    curl.write_text(f'#!/bin/bash\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m tests.fakes.curl "$@"\n')
    curl.chmod(0o755)
    path = f"{os.environ['PATH']}:{tmp_path}"  # the machine's own, if it has one
    printed, result_id = run(["/bin/bash", "-s", "--"], example_in("sh"), api, tmp_path, path)
    assert json.loads(printed)["resultId"] == result_id
