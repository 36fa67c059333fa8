"""Says which keys of the backed up service the restored one lacks, what that means for people, and what to do."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from app.backup.archive import Archive
from app.settings.environment import Settings

NO_TOKENS: Final = "else the tokens and links that people have stop working: they cannot open what they submitted."
NO_HEADS: Final = "else another key signs new heads. Heads that were kept still prove what they cover."


def missing_keys(archive: Archive, settings: Settings) -> Iterator[str]:
    """A sentence for each. Where the settings name no key, an embedded service uses the one of the backup."""
    secrets, signs = _text(archive.secret_keys), _text(archive.head_key)
    if secrets and not _uses(settings, settings.secret_keys, secrets):
        yield f"SECRET_KEYS lacks the keys of this backup. Add those in {archive.secret_keys} to it, {NO_TOKENS}"
    if signs and not _uses(settings, (settings.head_key,) if settings.head_key else (), signs):
        yield f"HEAD_KEY is not the key of this backup. Set it to that in {archive.head_key}, {NO_HEADS}"
    if not secrets and not settings.secret_keys:
        yield (
            "This backup has no secret-keys: the service had them in SECRET_KEYS, or they were lost."
            f" Set SECRET_KEYS to them before you start it, {NO_TOKENS}"
        )
        if not signs and not settings.head_key:
            yield f"It has no head-key either. If the service signed heads, set HEAD_KEY to its key, {NO_HEADS}"


def _text(file: Path) -> str:
    return file.read_text().strip() if file.exists() else ""


def _uses(settings: Settings, named: tuple[str, ...], kept: str) -> bool:
    return set(named).issuperset(kept.split(",")) if named else settings.embedded
