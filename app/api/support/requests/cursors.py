"""The cursor of a list in pages: where a page ended, as text for the URL of the next one."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import TypeVar

import msgspec

from app.api.support.requests.parameters import mistake

_S = TypeVar("_S", bound=msgspec.Struct)


def cursor_of(end: msgspec.Struct) -> str:
    """The end of a page as text."""
    return urlsafe_b64encode(msgspec.json.encode(end)).decode().rstrip("=")


def cursor(kind: type[_S]) -> Callable[[str, str], _S]:
    """The parser of the end of a page."""

    def parse(name: str, text: str) -> _S:
        try:
            return msgspec.json.decode(urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=kind)
        except (ValueError, RecursionError, msgspec.MsgspecError):
            raise mistake(name, text, "the nextCursor of an answer, or left out for the first page") from None

    return parse
