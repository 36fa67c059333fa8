"""What the rules of the house are about: the modules, and the READMEs taken apart."""

import re
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
TEXT: Final = (ROOT / "README.md").read_text()
PACKAGES: Final = ("domain", "projections", "workers", "app")
READMES: Final = sorted(
    file
    for top in (ROOT, *(ROOT / name for name in (*PACKAGES, "tests")))
    for file in ([top / "README.md"] if top == ROOT else top.rglob("README.md"))
    if "node_modules" not in file.parts
)
MODULES: Final = sorted(
    file for package in PACKAGES for file in (ROOT / package).rglob("*.py") if "node_modules" not in file.parts
)


def section(title: str) -> str:
    """What stands below a heading of one of the READMEs, up to the next one."""
    heading = re.compile(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
    found = [text for file in READMES for text in heading.findall(file.read_text())]
    assert len(found) == 1, f"{len(found)} READMEs have a section {title!r}"
    return str(found[0])


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
    """Every path that README.md's tree shows; a folder ends with a slash."""
    (tree,) = blocks(section("The folders"), "text")
    found: list[str] = []
    folders: list[str] = []
    for line in tree.splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        path = "".join([*folders[:depth], line.split()[0]])
        found.append(path)
        if path.endswith("/"):
            folders[depth:] = [line.split()[0]]
    return found
