"""Refuses requests that name a foreign host, and those that another site makes in a visitor's browser.

It wraps the whole application. Probes of the process may name any host: they ask by its address.
"""

from collections.abc import Awaitable, Sequence
from typing import Final
from urllib.parse import urlsplit

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from app.api.http.errors import ForeignSiteError, UnknownHostError, reply_to
from app.api.http.headers import every

HTTP: Final = ScopeType.HTTP
HEALTH: Final = "/healthz"
PROBES: Final = {HEALTH, "/readyz", "/metrics"}
SAFE_METHODS: Final = {"GET", "HEAD", "OPTIONS"}
OWN_SITES: Final = {b"same-origin", b"none"}
"""Sec-Fetch-Site of our own pages, and of what a person typed; programs send none."""


def with_known_callers(app: ASGIApp, allowed_hosts: Sequence[str], public_url: str, origins: Sequence[str]) -> ASGIApp:
    """The application for these hosts, or any host if there are none; pages of these origins may change things."""
    hosts = frozenset(host.encode() for host in allowed_hosts)
    if hosts and public_url:
        hosts |= {(urlsplit(public_url).hostname or "").encode()}
    pages, own = frozenset(origin.encode() for origin in origins), public_url.partition("://")[2].rstrip("/").encode()

    def refusal(scope: HTTPScope) -> Exception | None:
        named = _values(scope, b"host")
        if len(named) > 1:  # a proxy may have looked at another one than we
            return UnknownHostError("This request names more than one host.")
        if hosts and scope["path"] not in PROBES and _without_port(b"".join(named).lower()) not in hosts:
            return UnknownHostError()
        if scope["method"] not in SAFE_METHODS and _is_foreign(scope, pages, own):
            return ForeignSiteError()
        return None

    def known(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        refused = refusal(scope) if scope["type"] == HTTP else None
        return reply_to(refused).send(send, every(scope)) if refused else app(scope, receive, send)

    return known


def _without_port(named: bytes) -> bytes:
    host, colon, port = named.rpartition(b":")
    return host if colon and port.isdigit() else named


def _is_foreign(scope: HTTPScope, pages: frozenset[bytes], own: bytes) -> bool:
    origins, sites = _values(scope, b"origin"), _values(scope, b"sec-fetch-site")
    if origins and pages.issuperset(origins):
        return False
    if sites:
        return not OWN_SITES.issuperset(sites)
    # Browsers send it over TLS and to the machine itself alone; elsewhere the origin says whose page it is.
    return not {own, *_values(scope, b"host")}.issuperset(origin.rpartition(b"://")[2].lower() for origin in origins)


def _values(scope: HTTPScope, name: bytes) -> list[bytes]:
    return [value for header, value in scope["headers"] if header == name]
