"""Uploads, and forecasts of them on an event loop of their own."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from projections.log.pools import async_pool
from projections.queries.forecast import SELECT_BANDS, SELECT_QUEUE, Forecast, Forecaster
from projections.queries.status import StatusReader, StatusRow
from tests.lives import Lives

T = TypeVar("T")


class CountingReader(StatusReader):
    """A reader that counts the queries of the forecaster."""

    asked = 0

    async def select(self, query: Any, rows: Any, *parameters: object) -> list[Any]:  # noqa: ANN401 - as the real one
        """Count, and ask."""
        self.asked += query in {SELECT_QUEUE, SELECT_BANDS}
        return await super().select(query, rows, *parameters)


class ForecastRig(Lives):
    """Uploads, and forecasts of them on an event loop of their own."""

    def __init__(self, database_url: str, folder: Path) -> None:
        super().__init__(database_url, folder)
        self._url = database_url

    def on_loop(
        self, use: Callable[[Forecaster, CountingReader], Awaitable[T]], clock: Callable[[], float] = time.monotonic
    ) -> T:
        """Use a forecaster."""

        async def run() -> T:
            async with async_pool(self._url, 4, "test") as pool:
                reader = CountingReader(pool)
                return await use(Forecaster(reader, clock), reader)

        return asyncio.run(run())

    def forecasts(self, *upload_ids: UUID) -> list[Forecast]:
        """What is forecast of these uploads, once the projector has seen all."""
        self.project()

        async def ask(forecaster: Forecaster, reader: StatusReader) -> list[Forecast]:
            return [await forecast(forecaster, reader, upload_id) for upload_id in upload_ids]

        return self.on_loop(ask)

    def forecast(self, upload_id: UUID) -> Forecast:
        """What is forecast of one."""
        return self.forecasts(upload_id)[0]


async def forecast(forecaster: Forecaster, reader: StatusReader, upload_id: UUID) -> Forecast:
    """What is forecast of an upload's row."""
    row = await reader.status(upload_id)
    assert isinstance(row, StatusRow)
    return await forecaster.forecast(row)
