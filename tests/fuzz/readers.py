"""Everything that decodes a struct, with examples of what it reads and the errors that it names."""

from base64 import b64encode
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from eventsourcing.persistence import MapperDeserialisationError
from msgspec import Struct

from app.api.http.errors import MalformedError, UnauthorizedError
from app.api.http.job_id import upload_id_of
from app.api.status.answer import Tags
from app.api.status.request import poll_request
from app.api.support.requests.cursors import cursor_of
from app.api.support.requests.fields import fields_in
from app.api.support.searching.filters import filters_of
from app.backup.archive import Archive, BackupError
from app.signing.links import SignedLinks
from app.signing.sessions import Sessions
from domain.errors import ReasonError, UploadNotFoundError
from domain.failures import FailureCode
from domain.mapper import EventMapper
from domain.staff import checked_reason
from projections.history.canonical import canonical, read_line
from projections.history.heads import Head, HeadError, read_head
from projections.history.manifest import ExportError, manifest_path, read_manifest
from projections.history.proofs import Proof, ProofError, ProvenEvent, SealedPage, faults, read_proof
from projections.queries.search import PageEnd
from tests.api_services import KEYS
from workers.errors import StepError
from workers.imaging.jobs import Picture, Refusal
from workers.imaging.sandbox import read_outcome

GOLDEN: Final = Path(__file__).parents[1] / "golden"
UPLOAD_ID: Final = UUID("6f1c2c1e-6a43-4c6e-9d0a-0f7f2f8f1d11")
EVENT_LINE: Final = (
    b'{"position": 1, "uploadId": "6f1c2c1e-6a43-4c6e-9d0a-0f7f2f8f1d11", "version": 1, "name": "upload.retried",'
    b' "recordedAt": "2026-01-02T03:04:05Z", "eventId": "3d3c6f0e-51b6-4a0e-9a39-6ce1ce2e0a5b",'
    b' "actor": "staff:erika", "correlationId": "c-1", "schemaVersion": 1, "facts": {"reason": 1.50}}'
)

Read = Callable[[bytes], object]


class Reader(Struct, frozen=True):
    """One of them."""

    name: str
    examples: Sequence[bytes]
    read: Read
    refusals: tuple[type[Exception], ...] = ()


def readers(folder: Path) -> list[Reader]:
    """All of them. What is read from files lies in the folder."""
    return [*_from_clients(), *_from_operators(folder), *_from_stores()]


def _from_clients() -> list[Reader]:
    sessions, links = Sessions(KEYS), SignedLinks(KEYS)
    token, link = sessions.new().token, links.sign("a/preview-b.jpg", timedelta(minutes=5)).rpartition("/")[2]
    end = PageEnd(datetime(2026, 1, 2, tzinfo=UTC), UPLOAD_ID)
    filters = {"cursor": cursor_of(end), "jobId": str(UPLOAD_ID), "createdAfter": "2026-11-28T09:00:00+02:00"}

    def search(name: str) -> Read:
        return lambda data: filters_of({name: [data.decode("latin-1")]}, sessions)

    def poll(name: bytes) -> Read:
        def read(data: bytes) -> object:
            headers = {b"x-session-token": token.encode(), name: data}
            scope: Any = {"headers": list(headers.items()), "path_params": {"jobId": str(UPLOAD_ID)}}
            return poll_request(scope, sessions)

        return read

    return [
        Reader(
            "a reason",
            [b'{"reason": "The owner asked."}'],
            lambda data: checked_reason(fields_in(data, {"reason"}).get("reason"), "reason"),
            (MalformedError, ReasonError),
        ),
        Reader("a session token", [token.encode()], lambda data: sessions.read(data.decode("latin-1"))),
        Reader("a token of a poll", [token.encode()], poll(b"x-session-token"), (UnauthorizedError,)),
        Reader("If-None-Match", [b'"3-q1-e2-4", W/"1", *'], lambda data: Tags.of(data.decode("latin-1"))),
        Reader("Prefer", [b'wait=5; x="a,b", respond-async'], poll(b"prefer")),
        Reader("a link", [link.encode()], lambda data: links.read(data.decode("latin-1"))),
        Reader(
            "a job id",
            [str(UPLOAD_ID).encode(), UPLOAD_ID.hex.encode()],
            lambda data: upload_id_of(data.decode("latin-1")),
            (UploadNotFoundError,),
        ),
        *(Reader(name, [text.encode()], search(name), (MalformedError,)) for name, text in filters.items()),
    ]


def _from_operators(folder: Path) -> list[Reader]:
    head = _head()
    page = SealedPage(1, 256, 256, "a" * 64)
    line = msgspec.Raw(EVENT_LINE)
    proof = Proof(upload_id=UPLOAD_ID, events=[ProvenEvent(line, 0, [])], previous="0" * 64, pages=[page], head=head)
    manifest = (
        b'{"format": "ndjson", "first": 1, "last": 9, "count": 9, "sha256": "aa", "seal": null, "since": 1,'
        b' "through": 9, "names": ["upload.failed"], "schemas": {}}'
    )
    backup = (
        b'{"version": "0.1.0", "takenAt": "2026-01-02T03:04:05Z", "position": 1, "uploads": 1, "events": 1,'
        b' "objects": 1, "bytes": 1}'
    )
    exported, archive = folder / "events.ndjson", Archive(folder)

    def kept_manifest(data: bytes) -> object:
        manifest_path(exported).write_bytes(data)
        return read_manifest(exported)

    def kept_backup(data: bytes) -> object:
        (folder / "manifest.json").write_bytes(data)
        return archive.manifest()

    return [
        Reader("a head", [msgspec.json.encode(head)], read_head, (HeadError,)),
        Reader("a proof", [msgspec.json.encode(proof)], lambda data: [*faults(read_proof(data), head)], (ProofError,)),
        Reader(
            "a line of an export",
            [EVENT_LINE],
            lambda data: canonical(read_line(data)),
            (msgspec.DecodeError, UnicodeError, RecursionError),
        ),
        Reader("an export's manifest", [manifest], kept_manifest, (ExportError,)),
        Reader("a backup's manifest", [backup], kept_backup, (BackupError,)),
    ]


def _head() -> Head:
    unsigned = Head(position=256, hash="b" * 64, signature="", public_key="", sealed_at="2026-01-02T03:04:05Z")
    key = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
    signature = b64encode(key.sign(unsigned.message)).decode()
    public_key = b64encode(key.public_key().public_bytes_raw()).decode()
    return msgspec.structs.replace(unsigned, signature=signature, public_key=public_key)


def _from_stores() -> list[Reader]:
    mapper = EventMapper()
    events = [(file.stem.rsplit(".v", 1)[0], file.read_bytes()) for file in sorted(GOLDEN.glob("*.json"))]

    def event(name: str) -> Read:
        return lambda data: mapper.read(UPLOAD_ID, 7, name, data)

    picture = msgspec.msgpack.encode(Picture(b"\xff\xd8\xff a picture", 640, 480, "JPEG"))
    refusal = msgspec.msgpack.encode(Refusal(FailureCode.NOT_AN_IMAGE, "why"))
    return [
        *(Reader(name, [stored], event(name), (MapperDeserialisationError,)) for name, stored in events),
        Reader("the image child's answer", [picture, refusal], read_outcome, (StepError,)),
    ]
