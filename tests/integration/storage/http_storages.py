"""Object storages that a test serves over HTTP, and a body to put into them."""

import http.server
import io
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from app.storage import open_store
from domain.ports import BlobStore
from tests.fakes.server import serving
from tests.s3_server import S3Server

KEYS = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}


class FolderHttp(http.server.BaseHTTPRequestHandler):
    """Serves a folder store's objects as our API does: the URL names the key and the time when it expires."""

    root: Path

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        alive = float(parse_qs(parts.query)["until"][0]) > time.time()
        self.send_response(200 if alive else 403)
        self.end_headers()
        if alive:
            self.wfile.write((self.root / parts.path.lstrip("/")).read_bytes())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that the base class gave it
        """Stay silent."""


def put(store: BlobStore, key: str, content: bytes) -> None:
    store.put(key, io.BytesIO(content), "image/jpeg")


@contextmanager
def odd_store(status: int, body: bytes, headers: dict[str, str]) -> Iterator[BlobStore]:
    """A bucket that has one answer to everything."""

    class Answer(FolderHttp):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_PUT = do_GET  # noqa: N815 - the name that the base class looks up

    with serving(Answer) as url:
        there = {"S3_ENDPOINT_URL": url, "S3_BUCKET": "bucket", **KEYS}
        yield open_store(S3Server(there).settings, lambda key, _lifetime: key)
