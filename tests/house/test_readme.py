"""What README.md says is so: settings, commands, endpoints, errors, events and paths, compared with the code."""

import re
from pathlib import Path
from typing import Final

import pytest
import rich_click as click

from app.api.http.errors import TABLE, UNEXPECTED
from app.api.operations.routes import NOT_READY
from app.cli import darkroom
from app.settings.environment import Settings, settings_help
from domain.events import EVENTS
from domain.failures import FailureCode
from domain.stages import BANDS
from tests.benchmarks.results import kept, number
from tests.house.openapi_document import api_without_io
from tests.house.the_house import MODULES, PACKAGES, READMES, ROOT, TEXT, blocks, mapped_paths, rows, section

RUN: Final = (
    "python3 -m venv .venv && .venv/bin/pip install -r requirements.lock && .venv/bin/pip install --no-deps ."
    " && .venv/bin/darkroom up"
)
TEST: Final = (
    "python3 -m venv .venv && .venv/bin/pip install -r requirements.lock"
    " && .venv/bin/pip install --no-deps -e . && .venv/bin/pytest"
)


def usage(name: str, command: click.Command) -> str:
    """A command with its arguments."""
    arguments = [parameter for parameter in command.params if isinstance(parameter, click.Argument)]
    return (
        " ".join(["`darkroom", name, *(argument.make_metavar(click.Context(command)) for argument in arguments)]) + "`"
    )


def test_the_two_commands_stand_there_each_on_one_line() -> None:
    assert TEXT.splitlines().count(RUN) == 1
    assert TEXT.splitlines().count(TEST) == 1


def test_every_setting_is_listed_with_its_default_and_purpose() -> None:
    assert rows(section("Settings")) == [
        [f"`{name}`", f"`{default}`" if default else "", purpose] for name, default, purpose in settings_help()
    ]


def test_every_command_is_listed_with_the_first_sentence_of_its_help() -> None:
    assert rows(section("Commands")) == [
        [usage(name, command), command.get_short_help_str(limit=500)] for name, command in darkroom.commands.items()
    ]


def test_every_endpoint_is_listed() -> None:
    operations = {
        f"`{method.upper()} {path}`"
        for path, item in api_without_io().openapi_schema.to_schema()["paths"].items()
        for method in item
    }
    listed = {row[0] for row in rows(section("HTTP")) if "/" in row[0]}
    assert listed == operations
    assert "`/schema`" in section("HTTP")


def test_every_error_is_listed_with_its_status() -> None:
    answers = {(answer.status.value, answer.code) for answer in [*TABLE.values(), UNEXPECTED]}
    listed = {(int(row[0]), row[1].strip("`")) for row in rows(section("HTTP")) if row[0].isdecimal()}
    assert listed == answers | {(503, NOT_READY.error.code)}


def test_every_code_of_a_failed_upload_is_listed() -> None:
    assert [code for code in FailureCode if f"`{code}`" not in section("HTTP")] == []


def test_every_event_is_listed() -> None:
    listed = [row[0] for row in rows(section("The life of an upload")) if row[0].startswith("`upload.")]
    assert listed == [f"`{name}`" for name in EVENTS]


def test_every_stage_is_listed_with_its_band() -> None:
    bands = [
        [stage.value, f"{band[0]} to {band[-1]}" if len(band) > 1 else str(band[0])] for stage, band in BANDS.items()
    ]
    assert [row[:2] for row in rows(section("The life of an upload")) if row[0] in set(BANDS)] == bands


def test_the_environment_of_many_machines_is_taken_without_a_complaint() -> None:
    (example,) = blocks(section("On many machines"), "ini")
    environment = dict(line.split("=", 1) for line in example.splitlines())
    settings = Settings.from_env(environment)
    assert not settings.embedded
    assert environment.keys() <= {name for name, _, _ in settings_help()}


def test_every_path_of_the_map_is_there() -> None:
    missing = [
        path for path in mapped_paths() if not (ROOT / path).exists() or (ROOT / path).is_dir() != path.endswith("/")
    ]
    assert missing == []


def test_every_folder_of_the_four_packages_is_on_the_map() -> None:
    folders = {file.parent for file in MODULES}
    assert {f"{folder.relative_to(ROOT)}/" for folder in folders} <= set(mapped_paths())


@pytest.mark.parametrize("readme", READMES, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_path_that_a_readme_names_is_there(readme: Path) -> None:
    tops = (*(f"{package}/" for package in PACKAGES), "tests/", ".ci/")
    named = {
        word for word in re.findall(r"`([^`\s]+)`", readme.read_text()) if word.startswith(tops) and "<" not in word
    }
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("readme", READMES, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_link_of_a_readme_leads_somewhere(readme: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", readme.read_text())
    local = [link.partition("#") for link in links if "://" not in link]
    assert [path for path, _, _ in local if not (readme.parent / path).exists()] == []
    anchored = [(readme.parent / path if path else readme, anchor) for path, _, anchor in local if anchor]
    assert [anchor for file, anchor in anchored if anchor not in anchors(file)] == []


def anchors(readme: Path) -> set[str]:
    """The anchors that its headings have: small letters, dashes for spaces, no punctuation."""
    titles = re.findall(r"^#+ (.+)$", readme.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def test_the_five_figures_are_those_that_were_measured() -> None:
    measured = {
        number(verdict.reached)
        for results in kept(ROOT / "tests/benchmarks/results")
        for outcome in results.outcomes
        for verdict in outcome.verdicts
    }
    told = [row[1] for row in rows(section("Five figures"))]
    assert len(told) == 5
    assert [figure for figure in told if figure not in measured] == []


@pytest.mark.parametrize("readme", READMES, ids=lambda file: str(file.relative_to(ROOT)))
def test_a_readme_opens_with_what_it_is_about(readme: Path) -> None:
    title, empty, first, *_ = readme.read_text().splitlines()
    assert title.startswith("# ")
    assert empty == ""
    assert first


def test_the_first_readme_can_be_read_in_ten_minutes() -> None:
    assert len(TEXT.encode()) <= 20 * 1024


def test_every_room_with_a_readme_can_be_reached_from_the_first() -> None:
    linked = {(ROOT / link.partition("#")[0]).resolve() for link in re.findall(r"\]\(([^)\s]+)\)", TEXT)}
    assert set(READMES) - {ROOT / "README.md"} <= linked


def test_every_picture_is_shown_and_none_is_missing() -> None:
    shown = {
        (readme.parent / link).resolve()
        for readme in READMES
        for link in re.findall(r"!\[[^\]]+\]\(([^)]+)\)", readme.read_text())
    }
    screenshots = (ROOT / "app/web/screenshots").iterdir()
    results = (ROOT / "tests/benchmarks/results").glob("*.svg")
    drawn = (ROOT / "tests/integration").rglob("*.svg")
    assert sorted(shown) == sorted([*screenshots, *results, *drawn])
