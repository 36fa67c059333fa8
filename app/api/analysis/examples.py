"""Examples of the answers, for the OpenAPI document."""

from datetime import UTC, datetime
from typing import Final

from app.api.analysis.bodies import ChartBody, ChartNameBody, CoverageBody, InsightsBody
from projections.queries.insights import CHARTS, Step

SINCE: Final = datetime(2026, 11, 21, tzinfo=UTC)
UNTIL: Final = datetime(2026, 11, 23, tzinfo=UTC)
COVERAGE: Final = CoverageBody(begin=datetime(2026, 11, 1, 9, tzinfo=UTC), end=UNTIL, behind_events=0)
INSIGHTS: Final = InsightsBody(
    since=SINCE,
    until=UNTIL,
    step=Step.DAY,
    charts=[ChartNameBody(name=name, title=chart.title) for name, chart in CHARTS.items()],
    prompt_versions=[1],
    models=["gemini-2.5-flash-image"],
    coverage=COVERAGE,
)
CHART: Final = ChartBody(
    name="throughput",
    title=CHARTS["throughput"].title,
    since=SINCE,
    until=UNTIL,
    step=Step.DAY,
    columns=list(CHARTS["throughput"].columns),
    rows=[[SINCE, 120, 117, 2, 1], [datetime(2026, 11, 22, tzinfo=UTC), 98, 97, 1, 0]],
    ignores=["model"],
    sql="SELECT period, ... FROM stage_statistics ...",
    coverage=COVERAGE,
)
