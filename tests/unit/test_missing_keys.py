"""What `darkroom restore` says of keys that the restored service would lack."""

from pathlib import Path

import pytest

from app.backup.archive import Archive
from app.backup.keys import missing_keys
from app.settings.environment import Settings

OLD, OTHER = "o" * 32, "n" * 32
ELSEWHERE = "postgresql://postgres.internal/darkroom"


def said(folder: Path, backed_up: dict[str, str], **settings: object) -> str:
    for name, key in backed_up.items():
        (folder / name).write_text(f"{key}\n")
    return "\n".join(missing_keys(Archive(folder), Settings(**settings)))  # type: ignore[arg-type] # any setting


@pytest.mark.parametrize(
    ("backed_up", "settings"),
    [
        ({"secret-keys": OLD, "head-key": OLD}, {}),
        ({"secret-keys": OLD}, {}),
        ({"secret-keys": OLD}, {"secret_keys": (OTHER, OLD)}),
        ({"secret-keys": f"{OTHER},{OLD}"}, {"secret_keys": (OTHER, OLD)}),
        ({"secret-keys": OLD}, {"secret_keys": (OLD,), "database_url": ELSEWHERE}),
        ({}, {"secret_keys": (OLD,), "database_url": ELSEWHERE}),
    ],
)
def test_nothing_is_said_where_the_restored_service_has_the_keys(
    backed_up: dict[str, str], settings: dict[str, object], tmp_path: Path
) -> None:
    assert said(tmp_path, backed_up, **settings) == ""


def test_a_backup_without_keys_says_that_tokens_stop_working_and_what_to_set(tmp_path: Path) -> None:
    sentences = said(tmp_path, {})

    assert "has no secret-keys" in sentences
    assert "Set SECRET_KEYS to them before you start it" in sentences
    assert "tokens and links that people have stop working" in sentences
    assert "set HEAD_KEY to its key" in sentences


@pytest.mark.parametrize("settings", [{"secret_keys": (OTHER,)}, {"database_url": ELSEWHERE}])
def test_keys_of_the_backup_that_the_settings_do_not_name_are_to_be_added(
    settings: dict[str, object], tmp_path: Path
) -> None:
    assert f"Add those in {tmp_path / 'secret-keys'} to it" in said(tmp_path, {"secret-keys": OLD}, **settings)


def test_another_key_for_heads_is_named(tmp_path: Path) -> None:
    kept = {"secret-keys": OLD, "head-key": OLD}

    assert f"Set it to that in {tmp_path / 'head-key'}" in said(tmp_path, kept, head_key=OTHER)
    assert OLD not in said(tmp_path, kept, head_key=OTHER)
