"""/schema: the contract as a document, with an example of every answer, and nothing from another network."""

import asyncio
import json
import re
from threading import enumerate as enumerate_threads
from typing import Any, Final

import pytest
import yaml  # type: ignore[import-untyped] # its types are a package of their own
from litestar.testing import TestClient
from openapi_spec_validator import validate

from app.api import documentation
from app.api.http.errors import TABLE, UNEXPECTED
from tests.house.openapi_document import api_without_io
from tests.integration.api.service import Service
from tests.waiting import until

PATHS = {
    "/api/uploads": "post",
    "/api/uploads/{jobId}/retry": "post",
    "/api/uploads/{jobId}/cancel": "post",
    "/api/uploads/{jobId}": "delete",
    "/api/status/{jobId}": "get",
    "/api/status/{jobId}/stream": "get",
    "/api/results/{resultId}": "get",
    "/api/blobs/{signed}": "get",
    "/api/session": "delete",
    "/healthz": "get",
    "/metrics": "get",
    "/readyz": "get",
}

STAFF: Final = ("/api/support", "/api/analysis")


@pytest.fixture
def document(service: Service) -> dict[str, Any]:
    """The document as served, without the endpoints of staff: tests/integration/support has their tests."""
    body: dict[str, Any] = service.client.get("/schema/openapi.json").json()
    body["paths"] = {path: item for path, item in body["paths"].items() if not path.startswith(STAFF)}
    return body


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Every operation by its path."""
    return {path: item[PATHS[path]] for path, item in document["paths"].items()}


def test_it_lists_every_path_and_parameter(document: dict[str, Any]) -> None:
    assert {path: list(item) for path, item in document["paths"].items()} == {
        path: [method] for path, method in PATHS.items()
    }
    names = {
        path: {(parameter["in"], parameter["name"]) for parameter in operation.get("parameters", [])}
        for path, operation in operations(document).items()
    }
    assert names == {
        "/api/uploads": {("header", "X-Session-Token"), ("header", "Idempotency-Key")},
        "/api/uploads/{jobId}/retry": {("path", "jobId"), ("header", "X-Session-Token")},
        "/api/uploads/{jobId}/cancel": {("path", "jobId"), ("header", "X-Session-Token")},
        "/api/uploads/{jobId}": {("path", "jobId"), ("header", "X-Session-Token")},
        "/api/status/{jobId}": {
            ("path", "jobId"),
            ("header", "X-Session-Token"),
            ("header", "If-None-Match"),
            ("header", "Prefer"),
        },
        "/api/status/{jobId}/stream": {
            ("path", "jobId"),
            ("header", "X-Session-Token"),
            ("header", "Last-Event-ID"),
        },
        "/api/results/{resultId}": {("path", "resultId"), ("header", "X-Session-Token")},
        "/api/blobs/{signed}": {("path", "signed")},
        "/api/session": {("header", "X-Session-Token")},
        "/healthz": set(),
        "/metrics": set(),
        "/readyz": set(),
    }
    form = document["paths"]["/api/uploads"]["post"]["requestBody"]["content"]["multipart/form-data"]
    assert form["schema"]["required"] == ["image"]


def test_it_lists_the_answers_of_each(document: dict[str, Any]) -> None:
    assert {path: set(operation["responses"]) for path, operation in operations(document).items()} == {
        "/api/uploads": {"202", "400", "401", "408", "409", "413", "415", "422", "429", "500", "503"},
        "/api/uploads/{jobId}/retry": {"202", "401", "404", "409", "429", "500", "503"},
        "/api/uploads/{jobId}/cancel": {"202", "401", "404", "409", "429", "500", "503"},
        "/api/uploads/{jobId}": {"200", "401", "404", "429", "500", "503"},
        "/api/status/{jobId}": {"200", "304", "401", "404", "429", "500", "503"},
        "/api/status/{jobId}/stream": {"200", "401", "404", "429", "500", "503"},
        "/api/results/{resultId}": {"200", "401", "404", "410", "429", "500", "503"},
        "/api/blobs/{signed}": {"200", "404", "429", "500", "503"},
        "/api/session": {"200", "401", "429", "500", "503"},
        "/healthz": {"200", "500"},
        "/metrics": {"200", "500"},
        "/readyz": {"200", "429", "500", "503"},
    }


def test_it_is_valid(document: dict[str, Any]) -> None:
    validate(document)


def test_each_operation_has_a_readable_name_a_summary_and_a_heading(document: dict[str, Any]) -> None:
    named = {path: (operation["operationId"], operation["tags"]) for path, operation in operations(document).items()}
    assert named == {
        "/api/uploads": ("submitUpload", ["uploads"]),
        "/api/uploads/{jobId}/retry": ("retryUpload", ["uploads"]),
        "/api/uploads/{jobId}/cancel": ("cancelUpload", ["uploads"]),
        "/api/uploads/{jobId}": ("eraseUpload", ["uploads"]),
        "/api/status/{jobId}": ("getStatus", ["status"]),
        "/api/status/{jobId}/stream": ("streamStatus", ["status"]),
        "/api/results/{resultId}": ("getResult", ["results"]),
        "/api/blobs/{signed}": ("getBlob", ["results"]),
        "/api/session": ("endSession", ["session"]),
        "/healthz": ("getHealthz", ["operations"]),
        "/metrics": ("getMetrics", ["operations"]),
        "/readyz": ("getReadyz", ["operations"]),
    }
    for operation in operations(document).values():
        assert operation["summary"].endswith(".")
        assert operation["summary"].count(". ") == 0
    assert {tag for _, tags in named.values() for tag in tags} | {"support", "analysis"} == {
        tag["name"] for tag in document["tags"]
    }


def test_what_needs_a_session_says_so_and_a_submission_may_begin_one(document: dict[str, Any]) -> None:
    scheme = document["components"]["securitySchemes"]["session"]
    assert (scheme["type"], scheme["in"], scheme["name"]) == ("apiKey", "header", "X-Session-Token")
    for path, operation in operations(document).items():
        tokens = [each for each in operation.get("parameters", []) if each["name"] == "X-Session-Token"]
        if path == "/api/uploads":
            assert (operation["security"], tokens[0]["required"]) == ([{}, {"session": []}], False)
        elif tokens:
            assert (operation["security"], tokens[0]["required"]) == ([{"session": []}], True)
        else:
            assert "security" not in operation


def test_each_answer_names_its_headers(document: dict[str, Any]) -> None:
    for operation in operations(document).values():
        for status, answer in operation["responses"].items():
            assert "X-Request-ID" in answer["headers"]
            assert ("Retry-After" in answer["headers"]) or status not in {"429", "503"}
    answers = document["paths"]["/api/status/{jobId}"]["get"]["responses"]
    assert {"ETag", "Retry-After", "Preference-Applied"} <= answers["200"]["headers"].keys()
    assert {"ETag", "Retry-After", "Preference-Applied"} <= answers["304"]["headers"].keys()
    assert "Location" in document["paths"]["/api/uploads"]["post"]["responses"]["202"]["headers"]


def test_no_header_of_a_request_may_be_null(document: dict[str, Any]) -> None:
    parameters = [each for operation in operations(document).values() for each in operation.get("parameters", [])]
    assert {parameter["schema"]["type"] for parameter in parameters} == {"string"}


def test_every_answer_in_json_has_an_example(document: dict[str, Any]) -> None:
    codes = {answer.code for answer in [*TABLE.values(), UNEXPECTED]} | {"NOT_READY"}
    for operation in operations(document).values():
        for status, answer in operation["responses"].items():
            if status != "304" and not {"image/jpeg", "text/plain", "text/event-stream"} & answer["content"].keys():
                examples = [example["value"] for example in answer["content"]["application/json"]["examples"].values()]
                assert examples, (operation["operationId"], status)
                assert {example["success"] for example in examples} == {int(status) < 400}
                assert {example["error"]["code"] for example in examples if "error" in example} <= codes


def test_the_examples_of_a_status_are_what_the_service_answers(document: dict[str, Any], service: Service) -> None:
    content = document["paths"]["/api/status/{jobId}"]["get"]["responses"]["200"]["content"]["application/json"]
    examples = {name: example["value"] for name, example in content["examples"].items()}
    answer = service.poll(*service.submitted()).json()

    assert set(examples) == {"pending", "processing", "waiting", "completed", "failed", "expired"}
    assert set(examples["pending"]) == set(answer) | {"eta"}
    assert set(examples["processing"]) - set(examples["completed"]) == {"eta"}
    assert set(examples["waiting"]) - set(examples["completed"]) == {"waitingFor"}
    assert set(examples["completed"]) == set(answer) - {"queuePosition"}
    assert set(examples["expired"]) - set(examples["completed"]) == {"expired"}
    assert examples["pending"]["stage"] is None
    assert set(examples["failed"]) - set(answer) == {"errorCode", "errorMessage", "canRetry"}


@pytest.mark.parametrize("path", ["/schema", "/schema/"])
def test_a_person_gets_a_page_that_may_ask_this_server_alone(service: Service, path: str) -> None:
    response = service.client.get(path)

    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "connect-src 'self'" in response.headers["Content-Security-Policy"]
    assert "unsafe" not in response.headers["Content-Security-Policy"]
    assert "http" not in response.text
    assert all(
        service.client.get(asset).status_code == 200 for asset in re.findall(r'"(/assets/[^"]*)"', response.text)
    )


def test_what_every_answer_says_is_required(document: dict[str, Any]) -> None:
    """A client may rely on `success`, and on every other member that has one possible value."""
    for name, schema in document["components"]["schemas"].items():
        members = schema.get("properties", {})
        certain = {member for member, of in members.items() if member == "success" or "const" in of}
        assert certain <= set(schema.get("required", ())), name


def test_the_document_needs_no_other_network(service: Service) -> None:
    response = service.client.get("/schema/openapi.json")

    assert "json" in response.headers["Content-Type"]
    assert json.loads(response.content)["openapi"].startswith("3.")
    assert "http://" not in response.text
    assert "https://" not in response.text


@pytest.mark.parametrize("path", ["/schema/openapi.json", "/schema/openapi.yaml"])
def test_it_is_written_once(service: Service, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    first = service.client.get(path)
    monkeypatch.setattr(documentation, "to_builtins", None)

    again = service.client.get(path)

    assert (again.status_code, again.content) == (200, first.content)
    assert first.headers["Content-Type"].startswith("application/vnd.oai.openapi")


def test_it_is_written_before_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    api = api_without_io()

    async def served() -> None:
        async with documentation.written_ahead(api):
            pass

    asyncio.run(served())
    until(lambda: "document" not in {thread.name for thread in enumerate_threads()}, "the document is not written")
    monkeypatch.setattr(documentation, "to_builtins", None)

    client = TestClient(api)
    for path in ("/schema/openapi.json", "/schema/openapi.yaml"):
        assert client.get(path).status_code == 200


def test_it_is_there_as_yaml_too(document: dict[str, Any], service: Service) -> None:
    assert yaml.safe_load(service.client.get("/schema/openapi.yaml").text)["paths"].keys() >= document["paths"].keys()
