"""The rooms of the house: no two folders import each other, and no folder holds too much."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.house.the_house import MODULES, PACKAGES, ROOT

MOST_MODULES: Final = 15
"""Besides `__init__.py`. A folder with more is hard to survey."""


def folder_of(module: str) -> str:
    """The folder in which a dotted module lies; a package's own name stands for its `__init__`."""
    path = ROOT / module.replace(".", "/")
    return module if path.is_dir() else module.rpartition(".")[0]


def imported_by(file: Path) -> Iterator[str]:
    """The modules of ours that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in PACKAGES:
            for name in node.names:
                inner = f"{node.module}.{name.name}"
                is_module = (ROOT / f"{inner.replace('.', '/')}.py").exists()
                yield inner if is_module else node.module


def folder_imports() -> dict[str, set[str]]:
    """For each folder, the other folders that its modules import."""
    found: dict[str, set[str]] = defaultdict(set)
    for file in MODULES:
        folder = ".".join(file.relative_to(ROOT).parent.parts)
        found[folder] |= {folder_of(module) for module in imported_by(file)} - {folder}
    return found


def test_no_two_folders_import_each_other() -> None:
    imports = folder_imports()
    assert [(a, b) for a in imports for b in imports[a] if a < b and a in imports[b]] == []


def test_no_folder_imports_itself_by_way_of_others() -> None:
    imports = folder_imports()
    for folder in imports:
        seen, found = set(imports[folder]), list(imports[folder])
        while found:
            further = imports[found.pop()] - seen
            seen |= further
            found += further
        assert folder not in seen


def test_no_folder_holds_more_modules_than_one_can_survey() -> None:
    counts: dict[Path, int] = defaultdict(int)
    for file in MODULES:
        counts[file.parent.relative_to(ROOT)] += file.name != "__init__.py"
    assert {folder: count for folder, count in counts.items() if count > MOST_MODULES} == {}
