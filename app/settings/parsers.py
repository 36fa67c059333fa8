"""Parsers for environment variables. Each returns a value, or raises a ValueError whose message starts with "must be".

It knows no setting by its name. The message never repeats the text of the variable, which may be a secret.
"""

import re
from base64 import b64decode
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final
from urllib.parse import urlsplit

MIN_KEY_LENGTH: Final = 32
"""In characters; shorter keys can be guessed."""

SIGNING_KEY_BYTES: Final = 32

Network = IPv4Network | IPv6Network


def text(value: str) -> str:
    """Any text."""
    return value


def signing_key(value: str) -> str:
    """32 bytes in base64."""
    try:
        if len(b64decode(value, validate=True)) == SIGNING_KEY_BYTES:
            return value
    except ValueError:
        pass
    raise ValueError("must be 32 random bytes in base64")


def whole(lowest: int, highest: int) -> Callable[[str], int]:
    """A whole number within these bounds."""

    def parse(value: str) -> int:
        if value.isascii() and value.isdecimal() and lowest <= int(value) <= highest:
            return int(value)
        raise ValueError(f"must be a whole number from {lowest} to {highest}")

    return parse


def one_of(*choices: str) -> Callable[[str], str]:
    """One of these words, in small letters."""

    def parse(value: str) -> str:
        if value.lower() in choices:
            return value.lower()
        raise ValueError(f"must be one of {', '.join(choices)}")

    return parse


def template(*names: str) -> Callable[[str], str]:
    """An address on the web with at least one of these names in braces."""

    def parse(value: str) -> str:
        found = re.findall(r"{([^{}]*)}", value)
        if re.match(r"https?://[^/\s]+", value) and found and set(found) <= set(names) and not re.search(r"\s", value):
            return value
        known = ", ".join(f"{{{name}}}" for name in names)
        raise ValueError(f"must be an http or https URL with one or more of {known} in it, and nothing else in braces")

    return parse


def url(*schemes: str, host: bool = True) -> Callable[[str], str]:
    """A URL of one of these schemes, without a slash at its end."""

    def parse(value: str) -> str:
        if _looks_like_url(value, schemes, host=host):
            return value.rstrip("/")
        raise ValueError(f"must be a URL that starts with {' or '.join(f'{scheme}://' for scheme in schemes)}")

    return parse


def _looks_like_url(value: str, schemes: tuple[str, ...], *, host: bool) -> bool:
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        return False
    has_target = bool(parts.hostname) if host else bool(parts.netloc or parts.path)
    return "://" in value and parts.scheme in schemes and has_target


def header(value: str) -> str:
    """The name of an HTTP header, in small letters."""
    if re.fullmatch(r"[A-Za-z0-9-]{1,64}", value) and value.lower() not in {"authorization", "cookie", "host"}:
        return value.lower()
    raise ValueError("must be the name of an HTTP header of its own, such as X-Auth-Request-Preferred-Username")


def keys(value: str) -> tuple[str, ...]:
    """Keys that sign, separated by commas."""
    found = tuple(key.strip() for key in value.split(","))
    if any(len(key) < MIN_KEY_LENGTH for key in found):
        raise ValueError(f"must hold keys of at least {MIN_KEY_LENGTH} characters each, separated by commas")
    return found


ORIGIN: Final = re.compile(r"(https?)://(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])(?::(\d{1,5}))?")
HOST: Final = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\]")
DEFAULT_PORTS: Final = {"http": 80, "https": 443}
HIGHEST_PORT: Final = 65535


def origins(value: str) -> tuple[str, ...]:
    """Origins of web pages, separated by commas, as browsers send them: any other spelling would never match."""
    found = tuple(origin.strip() for origin in value.split(","))
    for number, origin in enumerate(found, start=1):
        if wrong := _wrong_with_origin(origin):
            raise ValueError(
                "must hold origins such as https://app.example.com, separated by commas, each as browsers send it; "
                f"number {number} {wrong}"
            )
    return found


def _wrong_with_origin(origin: str) -> str | None:
    found = ORIGIN.fullmatch(origin)
    scheme, port = found.groups() if found else ("", None)
    mistakes = (
        (not origin, "is empty"),
        ("*" in origin, "has a wildcard: name each origin"),
        (not origin.isascii(), "has letters outside of ASCII: browsers send other alphabets as xn--"),
        (origin != origin.lower(), "has capital letters, which browsers do not send"),
        ("@" in origin, "names a user"),
        (found is None, "is no scheme, host and port, without a path or a slash at the end"),
        (port and not 0 < int(port) <= HIGHEST_PORT, f"has a port outside of 1 to {HIGHEST_PORT}"),
        (port and int(port) == DEFAULT_PORTS[scheme], "names the default port, which browsers leave out"),
    )
    return next((reason for wrong, reason in mistakes if wrong), None)


def hosts(value: str) -> tuple[str, ...]:
    """Names or addresses of hosts, without ports, separated by commas."""
    found = tuple(host.strip() for host in value.split(","))
    if not all(HOST.fullmatch(host) for host in found):
        raise ValueError(
            "must hold hosts such as photos.example.com or [2001:db8::1], in small letters and without a port,"
            " separated by commas"
        )
    return found


def networks(value: str) -> tuple[Network, ...]:
    """IP addresses and networks, separated by commas."""
    try:
        return tuple(ip_network(item.strip(), strict=False) for item in value.split(","))
    except ValueError as error:
        raise ValueError("must hold IP addresses or networks such as 10.0.0.0/8, separated by commas") from error
