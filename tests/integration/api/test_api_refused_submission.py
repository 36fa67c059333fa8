"""POST /api/uploads: what is refused is told why, and leaves nothing behind."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from ipaddress import ip_network
from pathlib import Path
from threading import Event, Semaphore
from typing import Any, BinaryIO
from uuid import UUID

import httpx
import pytest

from app.api.http.errors import BodyTooLargeError
from app.api.http.slots import MAX_SLOTS
from app.storage.folder import FolderStore
from domain.errors import LogUnavailableError, StorageRefusedError, StorageUnavailableError
from domain.uploads import Uploads
from tests.integration.api.service import JPEG, PNG, Service, error_of, running_service
from tests.waiting import BUSY_SECONDS


@pytest.mark.parametrize("token", ["forged", "", "x" * 4096])
def test_a_token_that_we_did_not_sign_is_refused(service: Service, token: str) -> None:
    assert error_of(service.post(X_Session_Token=token)) == (401, "UNAUTHORIZED")
    assert (service.uploads(), service.objects()) == (0, [])


@pytest.mark.parametrize(
    ("content", "answer"),
    [
        (b"", (415, "UNSUPPORTED_MEDIA_TYPE")),
        (b"a text file called photo.jpg", (415, "UNSUPPORTED_MEDIA_TYPE")),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", (415, "UNSUPPORTED_MEDIA_TYPE")),
        (b"%PDF-1.7", (415, "UNSUPPORTED_MEDIA_TYPE")),
        (b"GIF89a" + bytes(20), (415, "UNSUPPORTED_MEDIA_TYPE")),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", (415, "UNSUPPORTED_MEDIA_TYPE")),
        (b"\xff", (415, "UNSUPPORTED_MEDIA_TYPE")),
    ],
)
def test_what_is_no_photo_is_refused_and_leaves_nothing(
    service: Service, content: bytes, answer: tuple[int, str]
) -> None:
    assert error_of(service.post(content)) == answer
    assert (service.uploads(), service.objects()) == (0, [])


@pytest.mark.parametrize("size", [1000, 1_000_000])
def test_a_photo_that_the_disk_does_not_take_is_trouble_that_passes(
    database_url: str, tmp_path: Path, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FolderStore, "spool", partial(Path.open, Path("/dev/full"), "w+b"))
    with running_service(database_url, tmp_path) as service:
        assert error_of(service.post(JPEG + bytes(size))) == (503, "UNAVAILABLE")
        assert (service.uploads(), service.objects()) == (0, [])


def test_an_empty_file_is_told_apart(service: Service) -> None:
    assert service.post(b"").json()["error"]["message"] == "The file is empty."


@pytest.mark.parametrize("content", [JPEG, PNG, b"RIFF\x00\x00\x00\x00WEBPVP8 "])
def test_the_type_is_told_by_the_first_bytes_alone(service: Service, content: bytes) -> None:
    assert service.post(content, filename="notes.txt").status_code == 202


@pytest.mark.parametrize(("size", "status"), [(999, 202), (1000, 202), (1001, 413), (200_000, 413)])
def test_the_limit_is_on_the_file_alone(database_url: str, tmp_path: Path, size: int, status: int) -> None:
    with running_service(database_url, tmp_path, max_upload_bytes=1000) as service:
        response = service.post(JPEG + bytes(size - len(JPEG)))

        assert response.status_code == status
        assert service.uploads() == len(service.objects()) == (status == 202)
        if status == 413:
            assert error_of(response) == (413, "PAYLOAD_TOO_LARGE")
            assert "it may have at most 1,000 bytes." in response.json()["error"]["message"]


@pytest.mark.parametrize(
    ("limit", "said"),
    [(20 * 2**20, "20 MiB (20,971,520 bytes)"), (5_000_000, "4.768 MiB (5,000,000 bytes)"), (999, "999 bytes")],
)
def test_a_limit_is_said_for_people_and_exactly(limit: int, said: str) -> None:
    assert str(BodyTooLargeError(limit)) == (
        f"This photo is too large: it may have at most {said}. Please choose a smaller file."
    )


def test_one_address_may_send_so_many_photos_a_minute(database_url: str, tmp_path: Path) -> None:
    with running_service(database_url, tmp_path, uploads_per_minute=3) as service:
        statuses = [service.post().status_code for _ in range(3)]
        refused = service.post(X_Forwarded_For="203.0.113.9")

        assert statuses == [202, 202, 202]
        assert error_of(refused) == (429, "TOO_MANY_REQUESTS")
        assert 0 < int(refused.headers["Retry-After"]) <= 61
        assert service.uploads() == 3
        assert service.client.get("/healthz").status_code == 200


def test_one_address_may_have_half_of_the_bytes_in_flight(database_url: str, tmp_path: Path) -> None:
    with running_service(database_url, tmp_path, bytes_in_flight=1000) as service:
        assert [service.post(JPEG + bytes(400)).status_code for _ in range(3)] == [202] * 3
        refused = service.post(JPEG + bytes(500))

        assert error_of(refused) == (503, "UNAVAILABLE")
        assert int(refused.headers["Retry-After"]) > 0
        assert service.uploads() == len(service.objects()) == 3


@pytest.mark.parametrize(("peer", "statuses"), [("198.51.100.7", [202, 429]), ("10.1.1.1", [202, 202])])
def test_only_a_trusted_proxy_speaks_for_its_clients(
    database_url: str, tmp_path: Path, peer: str, statuses: list[int]
) -> None:
    with running_service(
        database_url, tmp_path, uploads_per_minute=1, trusted_proxies=(ip_network("10.0.0.0/8"),)
    ) as service:

        async def post_for_two_clients() -> list[int]:
            transport = httpx.ASGITransport(service.client.app, client=(peer, 9))
            async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
                return [
                    (
                        await client.post("/api/uploads", files={"image": JPEG}, headers={"X-Forwarded-For": sent})
                    ).status_code
                    for sent in ("203.0.113.1", "203.0.113.2")
                ]

        assert asyncio.run(post_for_two_clients()) == statuses


class BrokenStore(FolderStore):
    """A storage that answers every put with an error."""

    def __init__(self, root: Path, error: Exception) -> None:
        super().__init__(root, lambda key, _: key)
        self._error = error

    def put(self, key: str, body: BinaryIO, media_type: str) -> None:
        """Raise the error."""
        raise self._error


@pytest.mark.parametrize("error", [StorageUnavailableError(), StorageRefusedError("the bucket of Erika is closed")])
def test_without_the_storage_nothing_is_submitted(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(service.store, "put", BrokenStore(tmp_path, error).put)

    response = service.post()

    assert error_of(response) == (503, "UNAVAILABLE")
    assert int(response.headers["Retry-After"]) > 0
    assert "Erika" not in response.text
    assert service.uploads() == 0


def test_a_client_that_finds_no_slot_is_told_to_come_again_before_its_photo_is_looked_at(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    heal, standing, put = Event(), Semaphore(0), service.store.put

    def put_when_healed(key: str, body: BinaryIO, media_type: str) -> None:
        standing.release()
        assert heal.wait(BUSY_SECONDS)
        put(key, body, media_type)

    monkeypatch.setattr(service.store, "put", put_when_healed)
    with ThreadPoolExecutor(MAX_SLOTS) as clients:
        posts = [clients.submit(service.post) for _ in range(MAX_SLOTS)]
        for _ in posts:
            assert standing.acquire(timeout=BUSY_SECONDS)

        refused = service.client.post("/api/uploads", content=b"This is no form.")
        heal.set()

        assert error_of(refused) == (503, "UNAVAILABLE")
        assert refused.headers["Retry-After"] == "2"
        assert {post.result().status_code for post in posts} == {202}
    assert service.post().status_code == 202
    assert service.uploads() == MAX_SLOTS + 1


class AwayUploads(Uploads):
    """A log that is away when it is appended to."""

    def submit(self, upload_id: UUID, **_: Any) -> Any:  # noqa: ANN401 - it never returns
        """Raise."""
        raise LogUnavailableError


def test_without_the_log_the_answer_is_503_and_the_original_is_left_alone(
    database_url: str, tmp_path: Path, uploads: Uploads
) -> None:
    away = AwayUploads.__new__(AwayUploads)
    away.__dict__.update(uploads.__dict__)
    with running_service(database_url, tmp_path, uploads=away) as service:
        response = service.post()

        assert error_of(response) == (503, "UNAVAILABLE")
        # The append may have landed all the same: an original too many is better than one too few.
        assert len(service.objects()) == 1


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "gzip, identity", "GZIP", "unheard-of"])
def test_a_body_with_a_content_encoding_is_told_so(service: Service, encoding: str) -> None:
    response = service.post(Content_Encoding=encoding)

    assert error_of(response) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert f"Content-Encoding {encoding.lower()!r}" in response.json()["error"]["message"]
    assert service.uploads() == 0


def test_a_content_encoding_may_stand_in_a_second_header(service: Service) -> None:
    headers = [("Content-Encoding", "identity"), ("Content-Encoding", "gzip")]
    response = service.client.post("/api/uploads", headers=headers, files={"image": JPEG})

    assert error_of(response) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert service.uploads() == 0
