"""The endpoints of staff in the OpenAPI document: each has its name, role, parameters, answers and examples."""

from typing import Any, Final

import pytest
from openapi_spec_validator import validate

from app.api.http.errors import TABLE, UNEXPECTED
from app.api.support.searching.filters import FIELDS
from domain.staff import Role
from tests.house.openapi_document import openapi_document

DOCUMENT: Final = openapi_document()
OPERATIONS: Final = {
    f"{method.upper()} {path.removeprefix('/api/support')}": operation
    for path, item in DOCUMENT["paths"].items()
    if path.startswith("/api/support")
    for method, operation in item.items()
}
STAFF: Final = {"400", "401", "403", "429", "500", "503"}
"""The answers of every endpoint for staff."""
FILTERS: Final = {*FIELDS, "cursor", "limit"}
JOB: Final = "/uploads/{jobId}"
ACTION: Final = {"202", "404", "409", "422"}
DECIDED: Final = {"200", "404"}
KNOWN: Final[dict[str, tuple[str, str, set[str], set[str]]]] = {
    "POST /session": ("signIn", "", set(), {"201"}),
    "GET /session": ("getStaffSession", "viewer", set(), {"200"}),
    "DELETE /session": ("signOut", "viewer", set(), {"200"}),
    "GET /me": ("getStaffMember", "viewer", set(), {"200"}),
    "GET /uploads": ("findUploads", "viewer", FILTERS, {"200"}),
    f"GET {JOB}": ("getUpload", "viewer", {"jobId", "version", "at"}, {"200", "404"}),
    f"GET {JOB}/timeline": ("getTimeline", "viewer", {"jobId"}, {"200", "304", "404"}),
    f"GET {JOB}/timeline/usual": ("compareTimeline", "viewer", {"jobId"}, {"200", "404"}),
    f"POST {JOB}/retry": ("retryUploadAsStaff", "agent", {"jobId", "Idempotency-Key"}, ACTION),
    f"POST {JOB}/cancel": ("cancelUploadAsStaff", "agent", {"jobId", "Idempotency-Key"}, ACTION),
    f"POST {JOB}/requeue": ("requeueUploadAsStaff", "agent", {"jobId", "Idempotency-Key"}, ACTION),
    f"POST {JOB}/note": ("noteUploadAsStaff", "agent", {"jobId", "Idempotency-Key"}, ACTION - {"202"} | {"200"}),
    f"POST {JOB}/erase": (
        "eraseUploadAsStaff",
        "admin",
        {"jobId", "Idempotency-Key"},
        {"200", "404", "422"},
    ),
    f"POST {JOB}/pictures": ("getPictureLinks", "agent", {"jobId"}, {"200", "404"}),
    "GET /pictures/{signed}": ("getPicture", "agent", {"signed"}, {"200", "404"}),
    "GET /searches": ("getSavedSearches", "viewer", set(), {"200"}),
    "GET /audit": (
        "getAudit",
        "viewer",
        {"since", "until", "by", "jobId", "cursor", "limit"},
        {"200", "404"},
    ),
    "GET /staff": ("getStaffMembers", "admin", set(), {"200"}),
    "POST /staff": ("addStaffMember", "admin", set(), {"201", "409"}),
    "POST /staff/{name}/rotate": ("rotateStaffToken", "admin", {"name"}, {"200", "404", "409"}),
    "POST /staff/{name}/revoke": ("revokeStaffMember", "admin", {"name"}, {"200", "404", "409"}),
    "POST /bulk": ("planBulkAction", "agent", set(), {"201"}),
    "GET /bulk": ("getBulkActions", "viewer", set(), {"200"}),
    "GET /bulk/{bulkId}": ("getBulkAction", "viewer", {"bulkId", "cursor", "limit"}, {"200", "404"}),
    "POST /bulk/{bulkId}/run": ("runBulkAction", "agent", {"bulkId"}, {"202", "404", "409"}),
    "POST /bulk/{bulkId}/stop": ("stopBulkAction", "agent", {"bulkId"}, {"202", "404", "409"}),
    "GET /failures": ("getFailureGroups", "viewer", {"state"}, {"200"}),
    "POST /failures/{groupId}/resolve": ("resolveFailureGroup", "agent", {"groupId"}, DECIDED),
    "POST /failures/{groupId}/ignore": ("ignoreFailureGroup", "agent", {"groupId"}, DECIDED),
    "POST /failures/{groupId}/reopen": ("reopenFailureGroup", "agent", {"groupId"}, DECIDED),
}
"""Each with its name, the role that it takes, its parameters beside the token, and its answers beside STAFF."""


def test_the_document_is_valid_and_lists_every_endpoint() -> None:
    validate(DOCUMENT)
    assert set(OPERATIONS) == set(KNOWN)


@pytest.mark.parametrize("endpoint", KNOWN)
def test_an_endpoint_has_its_name_its_role_its_parameters_and_its_answers(endpoint: str) -> None:
    name, role, parameters, answers = KNOWN[endpoint]
    operation = OPERATIONS[endpoint]

    assert (operation["operationId"], operation["tags"]) == (name, ["support"])
    assert operation.get("security") == ([{"staff": [role]}] if role else None)
    if not endpoint.endswith("/session"):
        assert Role(role) is not Role.VIEWER or endpoint.startswith("GET"), "what changes something takes an agent"
    named = {each["name"] for each in operation.get("parameters", [])}
    assert named == parameters | ({"Authorization"} if role else set())
    packed = {"415"} if endpoint.startswith("POST") else set()
    assert set(operation["responses"]) == STAFF | answers | packed
    assert operation["summary"].endswith(".")
    assert operation["summary"].count(". ") == 0


@pytest.mark.parametrize("endpoint", KNOWN)
def test_every_answer_has_an_example_and_every_action_its_fields(endpoint: str) -> None:
    operation: dict[str, Any] = OPERATIONS[endpoint]
    codes = {answer.code for answer in [*TABLE.values(), UNEXPECTED]}
    for status, answer in operation["responses"].items():
        if "application/json" not in answer.get("content", {}):
            continue  # a picture, or 304
        examples = [example["value"] for example in answer["content"]["application/json"]["examples"].values()]
        assert examples, status
        assert {example["success"] for example in examples} == {int(status) < 400}
        assert {example["error"]["code"] for example in examples if "error" in example} <= codes
        assert "X-Request-ID" in answer["headers"]
        assert ("Retry-After" in answer["headers"]) or status not in {"429", "503"}
    if endpoint.startswith("POST"):
        assert list(operation["requestBody"]["content"]) == ["application/json"]
