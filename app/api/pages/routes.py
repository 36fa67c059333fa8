"""The routes of the pages, of the files that they load, and of what is asked for beside them."""

from litestar import get
from litestar.handlers import HTTPRouteHandler

from app.api.http.services import Services
from app.api.pages.built import Assets
from app.api.pages.staff_page import StaffPage
from app.api.pages.upload_page import Page
from app.api.pages.well_known import WellKnown


def page_routes(services: Services) -> list[HTTPRouteHandler]:
    """The handlers. They are not in the OpenAPI document."""
    settings = services.settings
    page = Page(services.blobs, max_bytes=settings.max_upload_bytes, public_url=settings.public_url or "")
    console = StaffPage("support.html")
    well_known = WellKnown()
    return [
        get("/", include_in_schema=False)(page.index),
        get("/support", include_in_schema=False)(console.index),
        get("/support/{below:path}", include_in_schema=False)(console.below),
        get("/insights", include_in_schema=False)(StaffPage("insights.html").index),
        get("/assets/{name:str}", include_in_schema=False)(Assets().asset),
        get("/favicon.ico", include_in_schema=False)(well_known.icon),
        get("/robots.txt", include_in_schema=False)(well_known.robots),
    ]
