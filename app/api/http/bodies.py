"""The bodies that every resource shares: what success and failure look like."""

from typing import Literal

from msgspec import Struct


class Body(Struct, frozen=True, kw_only=True, rename="camel"):
    """What every answer that succeeded says."""

    success: Literal[True] = True


class ErrorFacts(Struct, frozen=True, kw_only=True):
    """A code for programs and a sentence for people."""

    code: str
    message: str


class ErrorBody(Struct, frozen=True, kw_only=True):
    """What every answer that did not succeed says."""

    error: ErrorFacts
    success: Literal[False] = False
