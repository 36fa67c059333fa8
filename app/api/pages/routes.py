"""The routes of the upload page, and of the files that the pages load."""

from litestar import get
from litestar.handlers import HTTPRouteHandler

from app.api.http.services import Services
from app.api.pages.built import Assets
from app.api.pages.upload_page import Page


def page_routes(services: Services) -> list[HTTPRouteHandler]:
    """The handlers. They are not in the OpenAPI document."""
    settings = services.settings
    page = Page(services.blobs, max_bytes=settings.max_upload_bytes, public_url=settings.public_url or "")
    return [
        get("/", include_in_schema=False)(page.index),
        get("/assets/{name:str}", include_in_schema=False)(Assets().asset),
    ]
