"""The grammar of an object's key; a key outside of it is our own mistake and never reaches a storage."""

import re
from typing import Final

_SEGMENT: Final = r"(?!\.{1,2}(?:/|\Z))[A-Za-z0-9._=-]{1,200}"
_KEY: Final = re.compile(rf"{_SEGMENT}(?:/{_SEGMENT})*")
_PREFIX: Final = re.compile(rf"(?:{_SEGMENT}/)*(?:{_SEGMENT})?")


def checked_key(key: str) -> str:
    """The key. Raises ValueError for one that could name something outside of the storage, or nothing."""
    if not _KEY.fullmatch(key):
        raise ValueError(f"not a key of the object storage: {key!r}")
    return key


def checked_prefix(prefix: str) -> str:
    """The beginning of a key, which may be empty. Raises ValueError for what begins no key."""
    if not _PREFIX.fullmatch(prefix):
        raise ValueError(f"not the beginning of a key of the object storage: {prefix!r}")
    return prefix


def is_key(text: str) -> bool:
    """Whether the text is a key."""
    return _KEY.fullmatch(text) is not None
