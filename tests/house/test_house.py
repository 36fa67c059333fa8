"""The rules of the house, as far as a machine can see them and no linter does."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from importlib import metadata
from pathlib import Path
from typing import Final

import pytest

from tests.house.the_house import MODULES, PACKAGES, ROOT

TESTS: Final = sorted(file for file in (ROOT / "tests").rglob("*.py"))
TOP: Final = {*PACKAGES, "tests", "README.md", "LICENSE", "pyproject.toml", "requirements.lock", "schema.sql"}
NAMELESS: Final = {"base", "common", "helper", "helpers", "manager", "misc", "type", "types", "util", "utils"}
"""Names that fit any file, and so say nothing of what is in one."""
LINES: Final = 250
"""A file that passes 200 should be looked at; one that passes this holds two things."""
TEST_LINES: Final = 300
"""The same for a file of tests, of which each says what it is given."""
LATER: Final = re.compile(r"\b(TOD[O]|FIXM[E]|XX[X])\b")  # spelt so that it does not find itself
WAIVER: Final = re.compile(r"# (?:noqa|type: ignore)\b(?P<rest>.*)")
REASON: Final = re.compile(r"(?:: [A-Z0-9, ]+|\[[a-z, -]+\])(?: - | # ).+")

IMPORT_ALL: Final = """
import importlib, os, sys, threading
for name in sys.argv[1:]:
    importlib.import_module(name)
opened = [os.readlink(entry.path) for entry in os.scandir("/proc/self/fd") if os.path.exists(entry.path)]
print(threading.active_count(), "threads,", sum(name.startswith("socket:") for name in opened), "sockets")
"""


def named(file: Path) -> str:
    """A file as a test's failure should call it."""
    return str(file.relative_to(ROOT))


def texts() -> Iterator[Path]:
    """Every file that people write here."""
    yield from MODULES + TESTS
    yield from (ROOT / name for name in ("README.md", "pyproject.toml", "schema.sql", ".ci/run"))


def reads_environment(tree: ast.AST) -> bool:
    """Whether a module looks at the environment."""
    words = {"environ", "environb", "getenv", "getenvb"}
    attributes = (node for node in ast.walk(tree) if isinstance(node, ast.Attribute))
    imports = (alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names)
    return any(node.attr in words for node in attributes) or not words.isdisjoint(imports)


def defined_errors(tree: ast.Module) -> set[str]:
    """The errors that a module defines."""
    return {node.name for node in tree.body if isinstance(node, ast.ClassDef) and node.name.endswith("Error")}


def parsed(file: Path) -> ast.Module:
    """The module."""
    return ast.parse(file.read_text())


def test_the_top_level_is_the_one_that_was_agreed() -> None:
    ignored = [line.rstrip("/") for line in (ROOT / ".gitignore").read_text().splitlines()]
    found = {entry.name for entry in ROOT.iterdir() if not any(fnmatch(entry.name, pattern) for pattern in ignored)}
    assert {name for name in found if not name.startswith(".")} == TOP


def test_every_module_opens_with_a_docstring() -> None:
    assert [named(file) for file in MODULES + TESTS if not ast.get_docstring(parsed(file))] == []


def test_no_file_has_a_name_that_says_nothing() -> None:
    paths = (file.relative_to(ROOT) for file in MODULES + TESTS)
    assert [
        str(path) for path in paths if not NAMELESS.isdisjoint(part.removesuffix(".py") for part in path.parts)
    ] == []


def test_no_module_is_longer_than_one_thing_takes() -> None:
    assert [named(file) for file in MODULES if len(file.read_text().splitlines()) > LINES] == []


def test_no_test_file_is_longer_than_one_thing_takes() -> None:
    assert [named(file) for file in TESTS if len(file.read_text().splitlines()) > TEST_LINES] == []


def test_the_settings_alone_read_the_environment() -> None:
    readers = [named(file) for file in MODULES if reads_environment(parsed(file))]
    assert readers == ["app/settings/environment.py", "app/settings/surroundings.py"]


def test_nothing_is_left_for_later() -> None:
    assert [named(file) for file in texts() if LATER.search(file.read_text())] == []


def test_whatever_silences_a_check_says_why() -> None:
    waivers = ((file, found) for file in MODULES + TESTS for found in WAIVER.finditer(file.read_text()))
    assert [f"{named(file)}: {found[0]}" for file, found in waivers if not REASON.match(found["rest"])] == []


def test_a_drawn_tree_of_errors_shows_every_error_of_its_module() -> None:
    trees = [(file, parsed(file)) for file in MODULES]
    drawn = [(file, tree, ast.get_docstring(tree) or "") for file, tree in trees if defined_errors(tree)]
    drawn = [(file, tree, picture) for file, tree, picture in drawn if file.stem == "errors" or "──" in picture]
    hidden = [
        (named(file), error) for file, tree, picture in drawn for error in defined_errors(tree) if error not in picture
    ]
    assert hidden == []


def test_every_error_has_a_message_for_its_reader() -> None:
    classes = ((file, node) for file in MODULES for node in parsed(file).body if isinstance(node, ast.ClassDef))
    errors = [(file, node) for file, node in classes if node.name.endswith("Error")]
    assert len(errors) > len(PACKAGES)
    assert [f"{named(file)}: {node.name}" for file, node in errors if not ast.get_docstring(node)] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_importing_every_module_starts_nothing(package: str) -> None:
    names = [
        ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for file in MODULES
        if file.is_relative_to(ROOT / package) and file.stem != "__main__"
    ]
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, *names],
        cwd=ROOT,
        env={},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("1 threads, 0 sockets\n", "")


def test_the_lock_names_every_version_with_its_hash_and_no_server() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    pinned = re.findall(r"^[a-z0-9._\[\],-]+==\S+ \\\n    --hash=sha256:[0-9a-f]{64}", lock, re.MULTILINE)
    assert len(pinned) == len(re.findall(r"^[^\s#]", lock, re.MULTILINE)) > len(PACKAGES)
    assert "://" not in lock


def test_the_lock_keeps_the_extras_that_packages_ask_for() -> None:
    """An older pip takes the newest release for an extra that is not locked, and then refuses it for want of a hash."""
    asked = {
        re.match(r"[\w.-]+\[[\w,-]+\]", requirement)
        for package in metadata.distributions()
        for requirement in package.requires or ()
        if "extra ==" not in requirement
    }
    names = {re.sub("[._]", "-", found.group().lower()) for found in asked if found}
    locked = (ROOT / "requirements.lock").read_text()
    assert {name for name in names if f"\n{name}==" not in locked} == set()
    assert "google-auth[requests]" in names
