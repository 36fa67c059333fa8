"""The networks that a client address counts as.

An IPv6 customer has at least a /64 and may have a /48, so a limit by single addresses would be none. An IPv4 address
counts as itself.
"""

from functools import lru_cache
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Final

NARROW: Final = 64
WIDE: Final = 48


@lru_cache(16_384)
def networks_of(address: str) -> tuple[str, ...]:
    """The narrow network and, for IPv6, the wide one around it. What is no address counts as itself."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return (address,)
    if not isinstance(parsed, IPv6Address):
        return (str(parsed),)
    if parsed.ipv4_mapped:  # a client of a socket for both families
        return (str(parsed.ipv4_mapped),)
    return tuple(str(IPv6Network((parsed, prefix), strict=False)) for prefix in (NARROW, WIDE))
