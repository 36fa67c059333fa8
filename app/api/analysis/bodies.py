"""The bodies of /api/analysis, in camelCase."""

from datetime import datetime
from typing import Any

from msgspec import Struct

from app.api.http.bodies import Body
from projections.queries.insights import Step


class CoverageBody(Struct, frozen=True, kw_only=True, rename="camel"):
    """What the statistics cover: `from` is null without an upload; `to` is now if they are behind by no event."""

    begin: datetime | None
    end: datetime
    behind_events: int


class ChartNameBody(Struct, frozen=True, kw_only=True, rename="camel"):
    """A chart that there is."""

    name: str
    title: str


class InsightsBody(Body, frozen=True, kw_only=True):
    """The charts that there are, and what they can be filtered by in the span."""

    since: datetime
    until: datetime
    step: Step
    charts: list[ChartNameBody]
    prompt_versions: list[int]
    models: list[str]
    coverage: CoverageBody


class ChartBody(Body, frozen=True, kw_only=True):
    """The table of a chart. Numbers of a period that the statistics do not cover are null; times are in seconds.

    `ignores` are the filters that say nothing about this chart, and are not applied.
    """

    name: str
    title: str
    since: datetime
    until: datetime
    step: Step
    columns: list[str]
    rows: list[list[Any]]
    ignores: list[str]
    sql: str
    coverage: CoverageBody
