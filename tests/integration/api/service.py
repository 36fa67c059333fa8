"""The API over real parts, in the test's own process: a client on one side, uploads with a history on the other."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, cast
from uuid import UUID

import httpx
from litestar import Litestar
from litestar.testing import TestClient
from msgspec import Struct

from app.api.application import create_api
from app.api.front.wrapped import wrapped
from app.api.http.services import Check, Services
from app.signing.links import SignedLinks
from app.signing.sessions import Sessions
from app.storage.folder import FolderStore
from domain.stages import Stage
from domain.uploads import Uploads
from projections.log.pools import async_pool
from tests.api_services import Polls, api_services
from tests.lives import Lives

JPEG: Final = b"\xff\xd8\xff\xe0" + b"a photo, as far as its first bytes tell"
KEY: Final = "4b1c3a2e-9d77-4a0e-8f3b-0c5d1e6f7a89"
PNG: Final = b"\x89PNG\r\n\x1a\n" + b"another photo"


class Service(Struct):
    """The client, and what stands behind it."""

    client: TestClient[Any]
    lives: Lives
    services: Services

    @property
    def store(self) -> FolderStore:
        """The object storage."""
        return cast("FolderStore", self.services.blobs)

    @property
    def sessions(self) -> Sessions:
        """The sessions that the API believes."""
        return self.services.sessions

    @property
    def links(self) -> SignedLinks:
        """The links that the API believes."""
        return self.services.links

    @property
    def polls(self) -> Polls:
        """The polls that analytics was told of."""
        return cast("Polls", self.services.analytics)

    def post(self, content: bytes = JPEG, *, filename: str = "photo.jpg", **headers: str) -> httpx.Response:
        """Submit a photo; headers are named with underscores."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post("/api/uploads", files={"image": (filename, content)}, headers=sent)

    def submitted(self, content: bytes = JPEG) -> tuple[UUID, str]:
        """A job and its session's token."""
        body = self.post(content).json()
        return UUID(body["jobId"]), body["sessionToken"]

    def poll(self, job_id: object, token: str | None, **headers: str) -> httpx.Response:
        """Ask where a job is."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            sent["X-Session-Token"] = token
        return self.client.get(f"/api/status/{job_id}", headers=sent)

    def result(self, result_id: object, token: str | None) -> httpx.Response:
        """Ask for a result."""
        headers = {} if token is None else {"X-Session-Token": token}
        return self.client.get(f"/api/results/{result_id}", headers=headers)

    def count(self, query: str) -> int:
        """The one figure that a query answers."""
        with self.lives.pool.connection() as connection:
            row = connection.execute(query.encode()).fetchone()
        assert row
        return int(row[0])

    def uploads(self) -> int:
        """How many submissions the log holds."""
        return self.count("SELECT count(*) FROM event_log WHERE version = 1")

    def objects(self) -> list[str]:
        """The keys of the object storage."""
        return list(self.store.keys(""))

    def complete(self, upload_id: UUID) -> UUID:
        """Run the upload to its end, its preview in the storage; the result's id. The projector has seen it."""
        self.lives.run(upload_id, Stage.COMPLETE)
        self.lives.project()
        result = self.lives.uploads.get(upload_id).result
        assert result
        return result.result_id


@contextmanager
def running_service(
    database_url: str,
    folder: Path,
    *,
    uploads: Uploads | None = None,
    checks: Mapping[str, Check] | None = None,
    body_seconds: float = 5.0,
    put_behind: Callable[[UUID], object] | None = None,
    **settings: Any,  # noqa: ANN401 - the fields of Settings
) -> Iterator[Service]:
    """The API on a database and a folder, under these settings."""
    pool = async_pool(database_url, 4, "test")

    @asynccontextmanager
    async def connected(_: Litestar) -> AsyncIterator[None]:
        async with pool:
            yield

    with Lives(database_url, folder) as lives:
        services = api_services(
            uploads=uploads or lives.uploads,
            log=lives.log,
            pool=lives.pool,
            poll_pool=pool,
            folder=folder,
            checks=checks,
            body_seconds=body_seconds,
            put_behind=put_behind,
            **settings,
        )
        app = wrapped(create_api(services, [connected]), services.settings)
        with TestClient(app, raise_server_exceptions=False) as client:
            yield Service(client, lives, services)


def moment(text: str) -> datetime:
    """A time of the contract; it must be RFC 3339, UTC, with a Z."""
    assert text.endswith("Z")
    return datetime.fromisoformat(text).astimezone(UTC)


def error_of(response: httpx.Response) -> tuple[int, str]:
    """Status and code of an error, which must have the contract's shape."""
    body = response.json()
    assert set(body) >= {"success", "error"}
    assert body["success"] is False
    assert set(body["error"]) == {"code", "message"}
    assert body["error"]["message"]
    return response.status_code, body["error"]["code"]
