"""ETags of a status: which states they tell apart, and which version a client has read."""

import msgspec
import pytest

from app.api.status.answer import Tags, answer
from domain.stages import Stage, Status
from projections.queries.forecast import Eta, Forecast
from projections.queries.status import StatusRow
from tests.status_rows import PENDING

FORECASTS = (
    Forecast(),
    Forecast(0),
    Forecast(1),
    Forecast(12),
    Forecast(0, Eta(1, 2)),
    Forecast(1, Eta(1, 2)),
    Forecast(1, Eta(1, 3)),
    Forecast(1, Eta(2, 3)),
)


def tag(forecast: Forecast, row: StatusRow = PENDING) -> str:
    """The ETag of the answer."""
    return answer(row, forecast).headers[b"etag"].decode()


def test_every_body_has_an_etag_of_its_own() -> None:
    assert len({tag(forecast) for forecast in FORECASTS}) == len(FORECASTS)


@pytest.mark.parametrize("forecast", FORECASTS)
def test_a_client_that_has_read_an_answer_gets_304_for_that_one_alone(forecast: Forecast) -> None:
    read = Tags.of(tag(forecast))

    assert read.version == 1
    assert {other: answer(PENDING, other, read=read).status == 304 for other in FORECASTS} == {
        other: other == forecast for other in FORECASTS
    }


def test_the_head_of_the_queue_of_which_no_more_is_known_has_the_plain_version() -> None:
    assert tag(Forecast(0)) == '"1"'


@pytest.mark.parametrize(
    ("header", "version"),
    [
        ('"5"', 5),
        ('W/"5"', 5),
        ('"5-q3"', 5),
        ('"5-q"', 5),
        ('"5-q3-e1-20"', 5),
        ('"5-e1-20", "7-q1"', 7),
        ('"5-x"', 0),
        ('"5-e1"', 0),
        ("*", 0),
        ("", 0),
        (None, 0),
    ],
)
def test_the_highest_version_of_the_header_is_what_the_client_has_read(header: str | None, version: int) -> None:
    assert Tags.of(header).version == version


def test_an_upload_that_runs_has_no_position_in_the_queue_and_its_plain_version() -> None:
    running = msgspec.structs.replace(PENDING, version=4, status=Status.PROCESSING, stage=Stage.GENERATING)

    assert tag(Forecast(), running) == '"4"'
    assert tag(Forecast(eta=Eta(0, 9)), running) == '"4-e0-9"'
