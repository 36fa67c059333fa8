"""The endpoints of the insights."""

from typing import Final

from litestar.handlers import HTTPRouteHandler

from app.api.analysis import examples
from app.api.analysis.bodies import ChartBody, InsightsBody
from app.api.analysis.charts import Insights
from app.api.http.errors import ChartNotFoundError
from app.api.http.openapi import answers
from app.api.http.services import Services
from app.api.support.requests.desk import Desk
from app.api.support.requests.operations import endpoint, parameter
from projections.queries.insights import Step

PREFIX: Final = "/api/analysis"
SPAN: Final = (
    parameter("since", "query", "From this time, for example 2026-11-01; seven days before its end by default."),
    parameter("until", "query", "Until this time; now by default."),
    parameter("step", "query", "How long a period is. By default it follows the span.", *Step),
    parameter("promptVersion", "query", "Uploads of this version of the prompt alone."),
    parameter("model", "query", "Uploads of this image model alone."),
    parameter("format", "query", "As JSON, with the SQL that made it, or as CSV.", "json", "csv"),
)


def analysis_routes(services: Services, desk: Desk) -> list[HTTPRouteHandler]:
    """The handlers of /api/analysis."""
    insights = Insights(services, desk)
    return [
        endpoint(
            "GET",
            "",
            insights.insights,
            name="getInsights",
            answer=answers(InsightsBody, "The charts that there are.", insights=examples.INSIGHTS),
            takes=SPAN,
            prefix=PREFIX,
        ),
        endpoint(
            "GET",
            "/charts/{chart:str}",
            insights.chart,
            name="getChart",
            answer=answers(ChartBody, "The table of the chart.", chart=examples.CHART),
            refusals=(ChartNotFoundError,),
            takes=SPAN,
            prefix=PREFIX,
        ),
    ]
