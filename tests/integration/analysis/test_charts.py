"""GET /api/analysis: each chart is a table of the known history, as JSON, as CSV and by its own SQL."""

import csv
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from projections.queries.insights import CHARTS
from tests.integration.analysis.charts import SPAN, Analyst
from tests.integration.history.known import MODEL

SUNDAY, MONDAY, TUESDAY = (f"2026-11-0{day}T00:00:00Z" for day in (1, 2, 3))


def test_throughput_counts_each_day(analyst: Analyst) -> None:
    body = analyst.chart("throughput")

    assert body["columns"] == ["period", "submitted", "completed", "failed", "cancelled"]
    assert body["rows"] == [[SUNDAY, None, None, None, None], [MONDAY, 2, 2, 0, 0], [TUESDAY, 4, 0, 2, 1]]
    assert body["ignores"] == ["model"]


def test_weeks_begin_on_monday_and_a_span_is_made_of_whole_ones(analyst: Analyst) -> None:
    body = analyst.chart("throughput", step="week")

    assert (body["since"], body["until"]) == ("2026-10-26T00:00:00Z", "2026-11-09T00:00:00Z")
    assert body["rows"] == [["2026-10-26T00:00:00Z", *[None] * 4], [MONDAY, 6, 2, 2, 1]]


def test_a_day_is_shown_by_its_hours(analyst: Analyst) -> None:
    rows = analyst.chart("throughput", since="2026-11-02", until="2026-11-03", step="hour")["rows"]

    assert len(rows) == 24
    assert [row for row in rows if row[1]] == [["2026-11-02T10:00:00Z", 2, 2, 0, 0]]


def test_the_funnel_says_how_far_the_uploads_of_the_span_came(analyst: Analyst) -> None:
    assert analyst.chart("funnel")["rows"] == [
        ["submitted", 6],
        ["started", 5],
        ["validated", 4],
        ["generated", 2],
        ["stored", 2],
        ["completed", 2],
    ]
    assert analyst.chart("funnel", promptVersion=2)["rows"][0] == ["submitted", 4]


def test_durations_have_percentiles_by_stage(analyst: Analyst) -> None:
    rows = {(period, stage): numbers for period, stage, *numbers in analyst.chart("durations")["rows"]}

    runs, p50, p95 = rows[MONDAY, "generating"]
    assert (runs, p50, p95) == (2, pytest.approx(10, rel=0.1), pytest.approx(20, rel=0.1))
    assert rows[TUESDAY, "watermarking"] == [0, None, None]
    assert rows[SUNDAY, "watermarking"] == [None, None, None]
    assert len(rows) == 3 * 4


def test_durations_can_be_those_of_one_model(analyst: Analyst) -> None:
    def runs(model: str) -> int:
        rows = analyst.chart("durations", model=model)["rows"]
        return sum(runs or 0 for _, stage, runs, *_ in rows if stage == "generating")

    assert (runs(MODEL), runs("another")) == (2, 0)


def test_failures_are_counted_by_code(analyst: Analyst) -> None:
    found = {(period, code): count for period, code, count in analyst.chart("failures")["rows"]}

    assert found[TUESDAY, "CONTENT_BLOCKED"] == found[TUESDAY, "IMAGE_TRUNCATED"] == 1
    assert found[MONDAY, "CONTENT_BLOCKED"] == 0
    assert found[SUNDAY, "CONTENT_BLOCKED"] is None


def test_the_effort_is_told_for_each_completed_upload(analyst: Analyst) -> None:
    assert analyst.chart("effort")["rows"] == [
        ["2026-11-02", 1, 2, 3, 3, 1.5, 1.5],
        ["2026-11-03", 2, 0, 4, 1, None, None],
    ]


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_is_also_csv(analyst: Analyst, name: str) -> None:
    body = analyst.chart(name)
    response = analyst.get(f"/charts/{name}", **SPAN, step="day", format="csv")
    header, *rows = csv.reader(response.text.splitlines())

    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert f"darkroom-{name}-" in response.headers["content-disposition"]
    assert header == body["columns"]
    assert rows == [["" if value is None else str(value) for value in row] for row in body["rows"]]


@pytest.mark.parametrize("name", CHARTS)
def test_an_analyst_gets_the_same_by_the_sql_of_a_chart(analyst: Analyst, module_database_url: str, name: str) -> None:
    body = analyst.chart(name)  # from a day before the statistics on: what is not known is no zero
    with psycopg.connect(module_database_url) as connection:
        connection.execute("SET ROLE darkroom_analyst")
        connection.execute("SET timezone = 'Asia/Tokyo'")
        rows = connection.execute(body["sql"].encode()).fetchall()

    assert [[told(value) for value in row] for row in rows] == [[told(value) for value in row] for row in body["rows"]]


def told(value: object) -> object:
    """The value, comparable."""
    if isinstance(value, str) and value.endswith("Z"):
        return datetime.fromisoformat(value)
    return value if value is None or isinstance(value, int | float | datetime) else str(value)


def test_the_charts_are_listed_with_what_they_can_be_filtered_by(analyst: Analyst) -> None:
    body = analyst.get("", **SPAN).json()

    assert [chart["name"] for chart in body["charts"]] == list(CHARTS)
    assert (body["promptVersions"], body["models"]) == ([1], [MODEL])
    assert body["coverage"]["begin"] == "2026-11-02T10:00:00Z"
    assert body["coverage"]["behindEvents"] == 0


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({"since": "yesterday"}, "`since` is 'yesterday'"),
        ({"since": "2026-11-05", "until": "2026-11-04"}, "is not before `until`"),
        ({"since": "1990-01-01"}, "more than ten years"),
        ({"since": "2026-01-01", "until": "2026-11-01", "step": "hour"}, "more than 1000 periods of one hour"),
        ({"step": "year"}, "`step` is 'year'. It must be one of hour, day, week"),
        ({"promptVersion": "one"}, "`promptVersion` is 'one'"),
        ({"format": "xml"}, "`format` is 'xml'. It must be json or csv"),
        ({"stage": "storing"}, "There is no parameter 'stage'"),
    ],
)
def test_what_cannot_be_asked_is_refused(analyst: Analyst, parameters: dict[str, str], told: str) -> None:
    response = analyst.get("/charts/throughput", **parameters)

    assert response.status_code == 400
    assert told in response.json()["error"]["message"]


def test_there_is_no_other_chart(analyst: Analyst) -> None:
    response = analyst.get("/charts/profit")

    assert (response.status_code, response.json()["error"]["code"]) == (404, "NOT_FOUND")
    assert response.json()["error"]["message"] == f"There is no chart 'profit'. The charts are {', '.join(CHARTS)}."


def test_what_the_statistics_have_not_seen_has_no_numbers(analyst: Analyst) -> None:
    analyst.desk.lives.submitted()
    missed = datetime.now(UTC).date()
    body = analyst.chart("throughput", since=missed, until=missed + timedelta(days=3))

    assert body["coverage"]["behindEvents"] == 1
    assert [submitted for _, submitted, *_ in body["rows"]] == [0, None, None]


def test_of_a_span_before_the_statistics_the_funnel_has_no_numbers(analyst: Analyst) -> None:
    before = analyst.chart("funnel", since="2025-01-01", until="2025-02-01")
    nothing = analyst.chart("funnel", since="2026-11-05", until="2026-11-06")

    assert [uploads for _, uploads in before["rows"]] == [None] * 6
    assert [uploads for _, uploads in nothing["rows"]] == [0] * 6


@pytest.mark.parametrize("name", CHARTS)
def test_the_sql_of_a_chart_converts_no_time_twice(analyst: Analyst, name: str) -> None:
    assert "::timestamptz::" not in analyst.chart(name)["sql"]
