"""GET /api/analysis and /api/analysis/charts/{chart}: what insights there are, and the table of one."""

import csv
import io
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from litestar import Request, Response
from litestar.params import FromPath

from app.api.analysis.bodies import ChartBody, ChartNameBody, CoverageBody, InsightsBody
from app.api.analysis.spans import span_of
from app.api.http.errors import ChartNotFoundError
from app.api.http.services import Services
from app.api.support.requests.desk import NO_STORE, Desk
from projections.log.event_log import EventLog
from projections.log.pools import Pool
from projections.queries.insights import CHARTS, Coverage, Span, read_chart, read_choices, read_coverage

CSV: Final = "text/csv"  # the framework adds the charset


class Insights:
    """Answers with charts, for staff."""

    def __init__(self, services: Services, desk: Desk) -> None:
        self._pool: Pool = services.pool
        self._log = EventLog(services.pool)
        self._desk = desk

    async def insights(self, request: Request[Any, Any, Any]) -> Response[InsightsBody]:
        """List the charts, and what they can be filtered by."""
        await self._desk.member(request)
        span, _ = span_of(request.query_params.dict(), datetime.now(UTC))
        return await self._desk.answer(partial(self._list, span))

    async def chart(self, request: Request[Any, Any, Any], chart: FromPath[str]) -> Response[Any]:
        """Ask for the table of a chart: as JSON with the SQL that made it, or as CSV."""
        await self._desk.member(request)
        if chart not in CHARTS:
            raise ChartNotFoundError(f"There is no chart {chart[:40]!r}. The charts are {', '.join(CHARTS)}.")
        span, as_csv = span_of(request.query_params.dict(), datetime.now(UTC))
        answered: Response[ChartBody] = await self._desk.answer(partial(self._chart, chart, span))
        return _csv(answered.content) if as_csv else answered

    def _list(self, span: Span) -> InsightsBody:
        versions, names = read_choices(self._pool, span.since, span.until)
        return InsightsBody(
            since=span.since,
            until=span.until,
            step=span.step,
            charts=[ChartNameBody(name=name, title=chart.title) for name, chart in CHARTS.items()],
            prompt_versions=versions,
            models=names,
            coverage=_coverage(read_coverage(self._pool, self._log)),
        )

    def _chart(self, name: str, span: Span) -> ChartBody:
        chart = CHARTS[name]
        coverage = read_coverage(self._pool, self._log)
        table = read_chart(self._pool, chart, span, coverage)
        return ChartBody(
            name=name,
            title=chart.title,
            since=span.since,
            until=span.until,
            step=span.step,
            columns=list(table.columns),
            rows=[list(row) for row in table.rows],
            ignores=list(table.ignores),
            sql=table.sql,
            coverage=_coverage(coverage),
        )


def _coverage(coverage: Coverage) -> CoverageBody:
    return CoverageBody(begin=coverage.begin, end=coverage.end, behind_events=coverage.behind)


def _csv(body: ChartBody) -> Response[bytes]:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(body.columns)
    writer.writerows([_cell(value) for value in row] for row in body.rows)
    name = f"darkroom-{body.name}-{body.since:%Y%m%dT%H}-{body.until:%Y%m%dT%H}.csv"
    headers = {**NO_STORE, "Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text.getvalue().encode(), status_code=HTTPStatus.OK, media_type=CSV, headers=headers)


def _cell(value: object) -> object:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value
