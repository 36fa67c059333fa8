"""What the rules of the house are about: the modules, and README.md taken apart."""

import re
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
TEXT: Final = (ROOT / "README.md").read_text()
PACKAGES: Final = ("domain", "projections", "workers", "app")
MODULES: Final = sorted(
    file for package in PACKAGES for file in (ROOT / package).rglob("*.py") if "node_modules" not in file.parts
)


def section(title: str) -> str:
    """What stands below a heading, up to the next one."""
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL)
    assert found, f"README.md has no section {title!r}"
    return found[1]


def blocks(text: str, language: str) -> list[str]:
    """The code blocks of that language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def rows(text: str) -> list[list[str]]:
    """The rows of every table, without their headings."""
    lines = re.findall(r"^ *\|(.*)\|$", text, re.MULTILINE)
    cells = [[cell.strip() for cell in line.split("|")] for line in lines]
    rules = {number for number, row in enumerate(cells) if set("".join(row)) <= set("-|: ")}
    return [row for number, row in enumerate(cells) if not {number, number + 1} & rules]


def mapped_paths() -> list[str]:
    """Every path of the map of the house; a folder ends with a slash."""
    (tree,) = blocks(section("The map of the house"), "text")
    found: list[str] = []
    folders: list[str] = []
    for line in tree.splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        path = "".join([*folders[:depth], line.split()[0]])
        found.append(path)
        if path.endswith("/"):
            folders[depth:] = [line.split()[0]]
    return found
