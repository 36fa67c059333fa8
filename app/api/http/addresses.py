"""The address of a client: the peer's, or what a trusted proxy reports. Any client can write X-Forwarded-For."""

import re
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

from litestar.types import Scope

from app.settings.environment import Network

Address = IPv4Address | IPv6Address

WITH_PORT: Final = re.compile(r"\[([^\]]*)\](?::[0-9]{1,5})?|([0-9.]+):[0-9]{1,5}")
"""As some proxies write an address."""


FORWARDED_FOR: Final = b"x-forwarded-for"
FORWARDED: Final = {FORWARDED_FOR, b"forwarded", b"x-real-ip", b"via"}
"""What proxies add to a request that they pass on."""
LOOPBACK: Final = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


def address_of(scope: Scope, trusted: Sequence[Network]) -> str:
    """The address of the client of a request."""
    client = scope.get("client")
    peer = client[0] if client else ""
    if not trusted:
        return peer
    said = [value.decode("latin-1") for name, value in scope["headers"] if name == FORWARDED_FOR]
    return client_address(peer, said, trusted)


def comes_from(scope: Scope, networks: Sequence[Network]) -> bool:
    """Whether the peer of a request is in one of these networks, whatever its headers say."""
    client = scope.get("client")
    return _is_in(_parsed(client[0] if client else ""), networks)


def is_of_this_machine(scope: Scope) -> bool:
    """Whether a program on this machine asks, and no proxy on it for a client elsewhere."""
    return comes_from(scope, LOOPBACK) and FORWARDED.isdisjoint(name for name, _ in scope["headers"])


def client_address(peer: str, forwarded_for: Sequence[str], trusted: Sequence[Network]) -> str:
    """The right-most address that no trusted proxy stands behind; what cannot be read ends the search."""
    address = _parsed(peer)
    for hop in reversed([hop for header in forwarded_for for hop in header.split(",")]):
        if not _is_in(address, trusted) or (said := _parsed(hop)) is None:
            break
        address = said
    return str(address or peer)


def _is_in(address: Address | None, networks: Iterable[Network]) -> bool:
    return address is not None and any(address in network for network in networks)


def _parsed(text: str) -> Address | None:
    text = text.strip()
    if found := WITH_PORT.fullmatch(text):
        text = found[1] or found[2]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    # An IPv4 client of a socket for both families is written as an IPv6 address. A zone is whatever its writer likes.
    return getattr(address, "ipv4_mapped", None) or type(address)(int(address))
