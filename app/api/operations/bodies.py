"""The bodies of /healthz and /readyz."""

from typing import Literal

from app.api.http.bodies import Body, ErrorBody


class HealthBody(Body, frozen=True, kw_only=True):
    """The process lives."""

    status: Literal["ok"] = "ok"


class ReadinessBody(Body, frozen=True, kw_only=True):
    """Every dependency answers: `ok` for each, by its name."""

    checks: dict[str, str]


class NotReadyBody(ErrorBody, frozen=True, kw_only=True):
    """A dependency does not answer: `ok` or what is wrong, by its name."""

    checks: dict[str, str]
