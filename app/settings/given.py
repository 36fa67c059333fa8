"""Reads the text of each variable, from the environment or a file. Finds what is missing or contradicts."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, get_args

import msgspec

from domain.errors import DarkroomError

LONGEST: Final = 2**16
"""The most characters that the file of a setting may have."""


def setting(parse: Callable[[str], object], purpose: str, *, secret: bool = False) -> msgspec.Meta:
    """The description of a setting, beside its type: its check, its purpose, and whether it is a secret."""
    return msgspec.Meta(description=purpose, extra={"parse": parse, "secret": secret})


class Variable(msgspec.Struct, frozen=True):
    """One setting, as it is given."""

    field: str
    default: object
    purpose: str
    parse: Callable[[str], object]
    secret: bool

    @property
    def name(self) -> str:
        """In the environment."""
        return self.field.upper()

    def mistake(self, raw: str, reason: str) -> str:
        """The sentence about a wrong value; that of a secret is not shown."""
        return f"{self.name} {reason}." if self.secret else f"{self.name} {reason}, not {raw!r}."


def variables(settings: type[msgspec.Struct]) -> Iterator[Variable]:
    """The settings of a struct, in its order; then those of its base."""
    fields = msgspec.structs.fields(settings)
    for field in sorted(fields, key=lambda field: field.name not in settings.__annotations__):
        meta = get_args(field.type)[1]
        yield Variable(field.name, field.default, meta.description, **meta.extra)


def value_of(name: str, environ: Mapping[str, str]) -> str:
    """The text of a variable, or of the file that its NAME_FILE names; empty if neither is set. Raises ValueError."""
    value, file = environ.get(name, "").strip(), environ.get(f"{name}_FILE", "").strip()
    if not file:
        return value
    if value:
        raise ValueError(f"{name} and {name}_FILE are both set: take one of them away.")
    try:
        with Path(file).open(encoding="utf-8") as content:
            value = content.read(LONGEST + 1).strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise ValueError(f"{name}_FILE names {file!r}, which cannot be read: {reason}.") from error
    if not value:
        raise ValueError(f"{name}_FILE names {file!r}, which is empty.")
    if len(value) > LONGEST or not value.isprintable():
        raise ValueError(f"{name}_FILE names {file!r}, which is not one line of text.")
    return value


def missing(given: set[str]) -> Iterator[str]:
    """The settings that a process of the service needs and that are missing."""
    databases = given & {"DATABASE_URL", "REDIS_URL"}
    if len(databases) == 1:
        missing = {"DATABASE_URL": "REDIS_URL", "REDIS_URL": "DATABASE_URL"}[databases.pop()]
        yield f"{missing} is missing: set both DATABASE_URL and REDIS_URL, or neither to run embedded ones."
        databases.add(missing)
    if databases and "SECRET_KEYS" not in given:
        yield "SECRET_KEYS is missing: set at least one key of 32 random characters, the same for every process."


def contradictions(given: set[str]) -> Iterator[str]:
    """The settings that contradict each other although each value alone is valid."""
    if "STAFF_PROXY_HEADER" in given and "TRUSTED_PROXIES" not in given:
        yield "TRUSTED_PROXIES is missing: STAFF_PROXY_HEADER is believed from these proxies alone."
    if "S3_ENDPOINT_URL" in given and "S3_BUCKET" not in given:
        yield "S3_BUCKET is missing: name the bucket, or take S3_ENDPOINT_URL away to keep objects in DATA_DIR."
    if "S3_BUCKET" in given and len(given & {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}) == 1:
        yield "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY belong together: set both, or neither where a role is used."


class SettingsError(DarkroomError):
    """Some settings are missing or wrong."""

    def __init__(self, mistakes: list[str]) -> None:
        self.mistakes = mistakes
        super().__init__("\n".join(mistakes))


def all_values(settings: type[msgspec.Struct], environ: Mapping[str, str], *, for_service: bool) -> dict[str, Any]:
    """The value of every variable that is given. Raises SettingsError with all mistakes."""
    values: dict[str, Any] = {}
    mistakes: list[str] = []
    for variable in variables(settings):
        try:
            raw = value_of(variable.name, environ)
        except ValueError as error:
            mistakes.append(str(error))
            continue
        try:
            if raw:
                values[variable.field] = variable.parse(raw)
        except ValueError as error:
            mistakes.append(variable.mistake(raw, str(error)))
    given = {name.removesuffix("_FILE") for name in environ if environ[name].strip()}
    mistakes += [*(missing(given) if for_service else ()), *contradictions(given)]
    if mistakes:
        raise SettingsError(mistakes)
    return values
