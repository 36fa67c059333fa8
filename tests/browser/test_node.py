"""What Node can tell: the committed page and types are what their sources give, and TypeScript that polls runs."""

import json
import subprocess
from pathlib import Path

from tests.acceptance.clients import Api
from tests.browser.conftest import Darkroom
from tests.house.openapi_document import openapi_document
from tests.house.the_house import ROOT, blocks, section

WEB = ROOT / "app" / "web"


def run(tool: str, *arguments: object, stdin: str = "") -> str:
    """What a tool of node_modules, or Node itself, prints; it must end well."""
    command = [tool if tool == "node" else str(WEB / "node_modules" / ".bin" / tool), *map(str, arguments)]
    done = subprocess.run(command, cwd=WEB, input=stdin, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def files(folder: Path) -> dict[str, bytes]:
    """Everything in a folder."""
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_a_build_gives_the_committed_page_to_the_byte(tmp_path: Path) -> None:
    run("vite", "build", "--outDir", tmp_path, "--emptyOutDir")
    assert files(tmp_path) == files(WEB / "built")


def test_the_types_are_those_of_the_api(tmp_path: Path) -> None:
    document = json.dumps(openapi_document(), default=str)
    generated = tmp_path / "schema.d.ts"
    run("openapi-typescript", "--root-types", "--root-types-no-schema-prefix", "--output", generated, stdin=document)
    assert generated.read_text() == (WEB / "src/status/schema.d.ts").read_text(), "run `npm run types`"


def test_the_polling_example_in_typescript_runs(tmp_path: Path, darkroom: Darkroom) -> None:
    (example,) = blocks(section("Polling in five lines"), "ts")
    (tmp_path / "poll.mts").write_text(example)
    strict = ["--strict", "--target", "es2022", "--module", "nodenext", "--lib", "es2023,dom", "--types", "node"]
    run("tsc", *strict, "--typeRoots", WEB / "node_modules/@types", tmp_path / "poll.mts")
    with Api(darkroom.service.url) as api:
        job = api.submit()
        printed = run("node", tmp_path / "poll.mjs", f"{api.url}/api/status/{job.id}", job.token)
        assert printed == f"completed 100 {api.status(job)['resultId']}\n"
    assert len(example.splitlines()) == 5
