"""Charts as a viewer asks for them."""

from typing import Any, Final

import httpx

from tests.integration.support.desk import Desk

SPAN: Final = {"since": "2026-11-01", "until": "2026-11-04"}


class Analyst:
    """Asks in the name of vera."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def get(self, path: str, **parameters: object) -> httpx.Response:
        """Ask for something below /api/analysis."""
        return self.desk.service.client.get(
            f"/api/analysis{path}",
            params={name: str(value) for name, value in parameters.items()},
            headers=self.desk.signed("vera"),
        )

    def chart(self, name: str, **parameters: object) -> dict[str, Any]:
        """The table of a chart, by days of the known history unless told otherwise."""
        response = self.get(f"/charts/{name}", **{**SPAN, "step": "day", **parameters})
        assert response.status_code == 200, response.text
        body: dict[str, Any] = response.json()
        return body
