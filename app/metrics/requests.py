"""Counts the API's requests by route and answer, and measures them. Counts requests that the framework refuses, too."""

import time
from collections.abc import Awaitable
from functools import cache
from typing import Final

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from prometheus_client import CollectorRegistry, Histogram

HTTP: Final = ScopeType.HTTP
"""Looked up once: Python 3.11 calls a function for each look at an enum's member."""
BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
METHODS: Final = {"GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"}
UNKNOWN: Final = "unknown"
"""The route or method of a request for what does not exist: its own text would make a new series each time."""
CUT: Final = "cut"
"""The status of an answer that was never begun."""


def counted(app: ASGIApp, registry: CollectorRegistry) -> ASGIApp:
    """The app, whose requests are counted."""
    seconds = Histogram(
        "darkroom_http_request_seconds",
        "How long requests took, from their head to the end of the answer.",
        ["method", "route", "status"],
        buckets=BUCKETS,
        registry=registry,
    )
    series = cache(seconds.labels)  # the library's own look-up takes a lock, and its time

    async def counting(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != HTTP:
            await app(scope, receive, send)
            return
        began = time.perf_counter()
        status: str | int = CUT

        def note_and_send(message: Message) -> Awaitable[None]:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            return send(message)

        try:
            await app(scope, receive, note_and_send)
        finally:
            method = scope["method"] if scope["method"] in METHODS else UNKNOWN
            series(method, scope.get("path_template") or UNKNOWN, status).observe(time.perf_counter() - began)

    return counting
