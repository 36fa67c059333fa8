"""The endpoints that find uploads."""

from typing import Final

from litestar.handlers import HTTPRouteHandler

from app.api.http.openapi import answers
from app.api.http.services import Services
from app.api.support.requests.desk import Desk
from app.api.support.requests.operations import endpoint, parameter
from app.api.support.searching import examples
from app.api.support.searching.bodies import SavedSearchesBody, SearchBody
from app.api.support.searching.saved import SavedSearches
from app.api.support.searching.search import Searching
from domain.failures import FailureCode
from domain.stages import Stage, Status

FILTERS: Final = (
    parameter("jobId", "query", "The id of a job, or its beginning."),
    parameter("status", "query", "The status.", *Status),
    parameter("stage", "query", "The stage that clients see.", *Stage),
    parameter("errorCode", "query", "Why it failed.", *FailureCode),
    parameter("session", "query", "The hash of a session, or a session token, which is not kept."),
    parameter("minAttempt", "query", "At least so many attempts began."),
    parameter("createdAfter", "query", "Submitted at this time or later."),
    parameter("createdBefore", "query", "Submitted before this time."),
    parameter("standsStill", "query", "Due for over 60 s without a live run.", "true", "false"),
    parameter("putOff", "query", "The next attempt waits for the image model or the budget.", "true", "false"),
    parameter("waitsOver", "query", "Has waited for its first attempt for longer than this, in seconds."),
    parameter("lastActor", "query", "The staff member who acted on it last."),
    parameter("failureGroup", "query", "The id of a group of failures: uploads that it happened to."),
)
PAGE: Final = (
    parameter("cursor", "query", "The nextCursor of the page before."),
    parameter("limit", "query", "The length of a page, 1 to 200; 50 unless given."),
)


def searching_routes(services: Services, desk: Desk) -> list[HTTPRouteHandler]:
    """The handlers of this room."""
    found = answers(SearchBody, "A page of uploads, newest first.", found=examples.FOUND)
    search = Searching(services, desk).search
    saved = answers(SavedSearchesBody, "The searches that are made every day.", saved=examples.SAVED)
    return [
        endpoint("GET", "/uploads", search, name="findUploads", answer=found, takes=(*FILTERS, *PAGE)),
        endpoint("GET", "/searches", SavedSearches(services, desk).saved, name="getSavedSearches", answer=saved),
    ]
