"""A past for a service: enough recent uploads for it to tell how long one takes."""

from typing import Any, Final

import psycopg

from projections.queries.forecast import ENOUGH
from tests.acceptance.clients import Api
from tests.acceptance.service import Service
from tests.fakes.gemini import FakeGemini
from tests.fakes.gemini_replies import Reply
from tests.photos.variants import corners, encoded
from tests.waiting import until

COMPLETED: Final = "SELECT count(*) FROM uploads WHERE status = 'completed'"


def give_a_past(service: Service, gemini: FakeGemini, reply: Reply) -> None:
    """Complete as many uploads as a forecast needs, with that answer of the image model, and poll none of them."""
    gemini.always_answer_with(reply)
    with Api(service.url) as api, psycopg.connect(service.addresses.database_url, autocommit=True) as connection:
        enough = _completed(connection) + ENOUGH
        for _ in range(ENOUGH):
            api.submit(encoded(corners()))
        until(lambda: _completed(connection) >= enough, "the past does not end")


def _completed(connection: psycopg.Connection[Any]) -> int:
    row = connection.execute(COMPLETED).fetchone()
    assert row
    return int(row[0])
