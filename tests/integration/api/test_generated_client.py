"""A client that a public generator makes of the document works against the API, without a line of our own."""

import importlib
import json
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from subprocess import run
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest

from domain.stages import Stage
from tests.integration.api.service import JPEG, Service

NAME = "generated_darkroom_client"
CONFIG = {"content_type_overrides": {"image/jpeg": "application/octet-stream"}, "post_hooks": []}


class Generated:
    """The generated package."""

    def __init__(self, service: Service) -> None:
        self.client: Any = self.module("client").Client(base_url="http://testserver")
        self.client.set_httpx_client(service.client)

    def module(self, name: str) -> ModuleType:
        """One of its modules."""
        return importlib.import_module(f"{NAME}.{name}")

    def call(self, name: str, *arguments: object, **named: object) -> Any:  # noqa: ANN401 - one of the generated models
        """The model of an answer."""
        return self.module(f"api.{name}").sync(*arguments, client=self.client, **named)

    def file(self, content: bytes) -> Any:  # noqa: ANN401 - a generated model
        """A photo, in the form of a submission."""
        image = self.module("types").File(payload=BytesIO(content), file_name="photo.jpg", mime_type="image/jpeg")
        return self.module("models").SubmitUploadBody(image=image)


@pytest.fixture
def generated(service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Generated]:
    (tmp_path / "openapi.json").write_bytes(service.client.get("/schema/openapi.json").content)
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    arguments = ["--path", "openapi.json", "--config", "config.json", "--meta", "none", "--output-path", NAME]
    generate = [sys.executable, "-m", "openapi_python_client", "generate", "--fail-on-warning", *arguments]
    made = run(generate, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stdout + made.stderr
    monkeypatch.syspath_prepend(tmp_path)
    yield Generated(service)
    for module in [name for name in sys.modules if name.partition(".")[0] == NAME]:
        del sys.modules[module]


def test_a_photo_goes_in_and_its_result_is_found(generated: Generated, service: Service) -> None:
    submitted = generated.call("uploads.submit_upload", body=generated.file(JPEG))
    job, token = submitted.job_id, submitted.session_token
    assert generated.call("status.get_status", job_id=str(job), x_session_token=token).status.value == "pending"

    service.lives.run(UUID(str(job)), Stage.COMPLETE)
    service.lives.project()
    status = generated.call("status.get_status", job_id=str(job), x_session_token=token)
    assert (status.status.value, status.progress) == ("completed", 100)
    result = generated.call("results.get_result", result_id=str(status.result_id), x_session_token=token)
    assert result.job_id == job
    assert result.preview.url


def test_the_owner_s_commands_and_errors_are_understood(generated: Generated) -> None:
    submitted = generated.call("uploads.submit_upload", body=generated.file(JPEG))
    job, token = str(submitted.job_id), submitted.session_token
    assert generated.call("uploads.cancel_upload", job_id=job, x_session_token=token).error_code.value == "CANCELLED"
    assert generated.call("uploads.submit_upload", body=generated.file(b"no photo")).error.code == (
        "UNSUPPORTED_MEDIA_TYPE"
    )
    assert generated.call("status.get_status", job_id=job, x_session_token="forged").error.code == "UNAUTHORIZED"
