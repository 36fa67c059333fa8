"""A server that speaks S3's REST protocol, as much of it as the service does: one bucket in memory, with a ledger.

    with FakeS3() as s3:
        s3.fail("PUT", f"{upload_id}/full", status(503, "SlowDown"), times=2)
        ...                                      # settings: s3.environ
        s3.ledger(f"{upload_id}/full", "PUT")    # what came in, and what was answered

The key's id is checked and its signature is not: the real server in s3_server.py does that. What can go wrong is in
`s3_faults.py`.
"""

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import parse_qs, quote, unquote, urlsplit
from xml.sax.saxutils import escape

from tests.fakes.server import FakeHandler, FakeServer

BUCKET: Final = "darkroom"


@dataclass
class Request:
    """One line of the ledger: a request with the right key, however it was answered."""

    method: str
    """That of HTTP, or LIST."""
    key: str
    """Or the prefix of a LIST."""
    sent: bytes = field(repr=False)
    witnessed: object
    """What the ledger's witness said when it came in."""
    status: int = 0
    """Of the answer; 0 where there was none."""
    served: bytes = field(default=b"", repr=False)
    """The body of the answer, as far as it went out."""

    @property
    def sha256(self) -> str:
        """The digest of the object's bytes, in whichever direction they went."""
        return hashlib.sha256(self.sent or self.served).hexdigest()


Fault = Callable[["Handler", Request], None]
"""How a request is answered that meets it."""


@dataclass
class _Planned:
    method: str
    prefix: str
    fault: Fault
    times: float

    def meets(self, method: str, key: str) -> bool:
        return self.times > 0 and method == self.method and key.startswith(self.prefix)


class FakeS3(FakeServer):
    """The server; it listens while it is entered."""

    def __init__(self, access_key: str = "fake-s3-key") -> None:
        super().__init__(Handler)
        self.objects: dict[str, bytes] = {}
        self.witness: Callable[[str], object] = lambda _: None
        """Asked about the key of every request, before anything happens to it."""
        self.access_key = access_key
        self._requests: list[Request] = []
        self._planned: list[_Planned] = []
        self._lock = threading.Lock()

    @property
    def environ(self) -> dict[str, str]:
        """The settings that use it."""
        return {
            "S3_ENDPOINT_URL": self.url,
            "S3_BUCKET": BUCKET,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": "of no importance",
        }

    def fail(self, method: str, prefix: str, fault: Fault, times: float = 1) -> None:
        """Answer the next requests for such keys so; with `inf`, all of them."""
        with self._lock:
            self._planned.append(_Planned(method, prefix, fault, times))

    def ledger(self, prefix: str, *methods: str) -> list[Request]:
        """The requests of these kinds for such keys, in order."""
        with self._lock:
            return [one for one in self._requests if one.method in methods and one.key.startswith(prefix)]

    def enter(self, request: Request) -> Fault:
        """Write the request into the ledger and choose how it is answered."""
        with self._lock:
            self._requests.append(request)
            for planned in self._planned:
                if planned.meets(request.method, request.key):
                    planned.times -= 1
                    return planned.fault
        return Handler.serve


class Handler(FakeHandler):
    """One connection; the faults use its methods."""

    @property
    def s3(self) -> FakeS3:
        """Whose connection it is."""
        assert isinstance(self.server.fake, FakeS3)
        return self.server.fake

    def serve(self, request: Request) -> None:
        """Do what is asked for."""
        objects = self.s3.objects
        match request.method:
            case "PUT":
                objects[request.key] = request.sent
                self.send(request, 200)
            case "DELETE":
                objects.pop(request.key, None)
                self.send(request, 204)
            case "LIST":
                self.send(request, 200, self._listing(request.key))
            case _ if not request.key:
                self.send(request, 200)
            case _ if request.key in objects:
                self.send(request, 200, objects[request.key])
            case _:
                self.refuse(request, 404, "NoSuchKey")

    def send(self, request: Request, code: int, content: bytes = b"", *, length: int | None = None) -> None:
        """An answer; with a length that it does not have, it breaks off."""
        request.status = code
        self.send_response(code)
        self.send_header("Content-Length", str(len(content) if length is None else length))
        self.end_headers()
        if self.command != "HEAD":
            request.served = content
            self.wfile.write(content)
        self.close_connection = length is not None

    def refuse(self, request: Request, code: int, name: str) -> None:
        """An error of S3."""
        self.send(request, code, f"<Error><Code>{name}</Code><Message>no</Message></Error>".encode())

    def _answer(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        _, bucket, *rest = unquote(parts.path).split("/", 2)
        method = "LIST" if "list-type" in query else self.command
        key = query.get("prefix", "") if method == "LIST" else "".join(rest)
        request = Request(method, key, sent, self.s3.witness(key))
        if wrong := self._wrong(bucket, query, sent):
            self.s3.turned_away.append(wrong)
            self.refuse(request, 403, wrong)
        else:
            self.s3.enter(request)(self, request)

    def _wrong(self, bucket: str, query: dict[str, str], sent: bytes) -> str | None:
        credential = query.get("X-Amz-Credential") or self.headers.get("Authorization", "").partition("Credential=")[2]
        digest = self.headers.get("X-Amz-Content-SHA256", "UNSIGNED-PAYLOAD")
        if credential.partition("/")[0] != self.s3.access_key:
            return "InvalidAccessKeyId"
        if "X-Amz-Expires" in query and _expiry(query) < datetime.now(UTC):
            return "AccessDenied"
        if digest not in {"UNSIGNED-PAYLOAD", hashlib.sha256(sent).hexdigest()}:
            return "XAmzContentSHA256Mismatch"
        return None if bucket == BUCKET else "NoSuchBucket"

    def _listing(self, prefix: str) -> bytes:
        found = sorted(key for key in self.s3.objects if key.startswith(prefix))
        contents = "".join(f"<Contents><Key>{escape(quote(key))}</Key></Contents>" for key in found)
        return f"<ListBucketResult><EncodingType>url</EncodingType>{contents}</ListBucketResult>".encode()

    do_GET = do_PUT = do_HEAD = do_DELETE = _answer  # noqa: N815 - names that the base class looks up


def _expiry(query: dict[str, str]) -> datetime:
    signed_at = datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    return signed_at + timedelta(seconds=int(query["X-Amz-Expires"]))
