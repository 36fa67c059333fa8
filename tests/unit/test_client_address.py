"""A client's address: what a client writes into X-Forwarded-For counts only where a proxy that we trust added it."""

from ipaddress import ip_network

import pytest

from app.api.client_address import client_address

TRUSTED = [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "address"),
    [
        ("198.51.100.7", [], "198.51.100.7"),
        ("198.51.100.7", ["203.0.113.1"], "198.51.100.7"),
        ("10.1.1.1", [], "10.1.1.1"),
        ("10.1.1.1", ["203.0.113.1"], "203.0.113.1"),
        ("10.1.1.1", ["1.1.1.1, 203.0.113.1"], "203.0.113.1"),
        ("10.1.1.1", ["1.1.1.1, 203.0.113.1, 10.2.2.2"], "203.0.113.1"),
        ("10.1.1.1", ["1.1.1.1", "203.0.113.1,10.2.2.2"], "203.0.113.1"),
        ("10.1.1.1", ["10.3.3.3, 10.2.2.2"], "10.3.3.3"),
        ("10.1.1.1", ["1.1.1.1, nonsense"], "10.1.1.1"),
        ("10.1.1.1", ["1.1.1.1, nonsense, 10.2.2.2"], "10.2.2.2"),
        ("10.1.1.1", [""], "10.1.1.1"),
        ("fd00::1", ["2001:db8::1"], "2001:db8::1"),
        ("::ffff:10.1.1.1", ["203.0.113.1"], "203.0.113.1"),
        ("::ffff:198.51.100.7", [], "198.51.100.7"),
        ("", ["203.0.113.1"], ""),
        ("testclient", ["203.0.113.1"], "testclient"),
    ],
)
def test_the_right_most_address_that_is_no_trusted_proxy_counts(
    peer: str, forwarded_for: list[str], address: str
) -> None:
    assert client_address(peer, forwarded_for, TRUSTED) == address


def test_without_trusted_proxies_the_peer_counts() -> None:
    assert client_address("10.1.1.1", ["203.0.113.1"], []) == "10.1.1.1"
