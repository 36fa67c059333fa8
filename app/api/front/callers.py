"""Refuses requests that name a foreign host, and those that another site makes in a visitor's browser.

It wraps the whole application. Probes of the process may name any host: they ask by its address.
"""

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from app.api.http.errors import ForeignSiteError, UnknownHostError, reply_to
from app.api.http.headers import every

HEALTH: Final = "/healthz"
PROBES: Final = {HEALTH, "/readyz", "/metrics"}
SAFE_METHODS: Final = {"GET", "HEAD", "OPTIONS"}
OWN_SITES: Final = {b"", b"same-origin", b"none"}
"""Sec-Fetch-Site of our own pages, of what a person typed, and of programs, which send none."""


def with_known_callers(app: ASGIApp, allowed_hosts: Sequence[str], public_url: str, origins: Sequence[str]) -> ASGIApp:
    """The application for these hosts, or any host if there are none; pages of these origins may change things."""
    hosts = frozenset(host.encode() for host in allowed_hosts)
    if hosts and public_url:
        hosts |= {(urlsplit(public_url).hostname or "").encode()}
    pages = frozenset(origin.encode() for origin in origins)

    async def known(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
        elif hosts and scope["path"] not in PROBES and _host(scope) not in hosts:
            await reply_to(UnknownHostError()).send(send, every(scope))
        elif scope["method"] not in SAFE_METHODS and _is_foreign(scope, pages):
            await reply_to(ForeignSiteError()).send(send, every(scope))
        else:
            await app(scope, receive, send)

    return known


def _host(scope: HTTPScope) -> bytes:
    named = dict(scope["headers"]).get(b"host", b"").lower()
    host, colon, port = named.rpartition(b":")
    return host if colon and port.isdigit() else named


def _is_foreign(scope: HTTPScope, pages: frozenset[bytes]) -> bool:
    headers = dict(scope["headers"])
    return headers.get(b"sec-fetch-site", b"") not in OWN_SITES and headers.get(b"origin", b"") not in pages
