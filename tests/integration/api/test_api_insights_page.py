"""GET /insights: the page of the insights as it is served."""

import re

from tests.integration.api.service import Service


def test_it_is_asked_for_each_time_and_told_to_be_the_same(service: Service) -> None:
    page = service.client.get("/insights")
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert page.headers["Cache-Control"] == "no-cache"

    again = service.client.get("/insights", headers={"If-None-Match": page.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_its_policy_lets_in_nothing_but_the_page(service: Service) -> None:
    page = service.client.get("/insights")
    assert "script-src 'self'; style-src 'self'; connect-src 'self'" in page.headers["Content-Security-Policy"]
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    for asset in re.findall(r'(?:src|href)="(/assets/[^"]+)"', page.text):
        assert service.client.get(asset).status_code == 200
