"""GET /, /support and /assets/{name}: the pages as they are served."""

import gzip
import re
from pathlib import Path

import pytest

from app.api.pages.built import BUILT
from app.api.pages.upload_page import Page
from app.settings.environment import Settings
from app.signing.links import SignedLinks
from app.storage.folder import FolderStore
from app.storage.s3 import S3Store, s3_client
from tests.api_services import KEYS
from tests.integration.api.service import Service, error_of, running_service


def test_the_index_is_asked_for_each_time_and_told_to_be_the_same(service: Service) -> None:
    index = service.client.get("/")
    assert (index.status_code, index.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert index.headers["Cache-Control"] == "no-cache"

    again = service.client.get("/", headers={"If-None-Match": index.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["Vary"] == "Accept-Encoding"


def test_each_encoding_has_an_etag_of_its_own(service: Service) -> None:
    tags = {
        encoding: service.client.get("/", headers={"Accept-Encoding": encoding}).headers["ETag"]
        for encoding in ("gzip", "identity")
    }
    assert len(set(tags.values())) == 2
    for encoding, own in tags.items():
        for tag in tags.values():
            again = service.client.get("/", headers={"Accept-Encoding": encoding, "If-None-Match": tag})
            assert again.status_code == (304 if tag == own else 200)


def test_its_policy_lets_in_nothing_but_the_page(service: Service) -> None:
    policy = service.client.get("/").headers["Content-Security-Policy"]
    directives = dict(directive.strip().split(" ", 1) for directive in policy.split(";"))
    assert directives == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "connect-src": "'self'",
        "img-src": "'self' data:",
        "frame-src": "'none'",
        "manifest-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }


@pytest.mark.parametrize("address", ["/support", "/support/", "/support/audit", "/support/uploads/3f0c6f0e"])
def test_every_address_of_the_console_is_the_console(service: Service, address: str) -> None:
    console = service.client.get(address)
    assert (console.status_code, console.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert '<div id="console">' in console.text
    assert "img-src 'self' data:;" in console.headers["Content-Security-Policy"]
    assert console.headers["X-Frame-Options"] == "DENY"
    again = service.client.get(address, headers={"If-None-Match": console.headers["ETag"]})
    assert again.status_code == 304


def test_pictures_may_come_from_where_results_link_to(tmp_path: Path) -> None:
    elsewhere = Settings(
        s3_endpoint_url="https://storage.example.com",
        s3_bucket="darkroom",
        aws_access_key_id="key",
        aws_secret_access_key="secret",
    )
    in_a_bucket = Page(S3Store(s3_client(elsewhere), "darkroom"), max_bytes=1, public_url="")
    in_a_folder = Page(
        FolderStore(tmp_path, SignedLinks(KEYS).sign), max_bytes=1, public_url="https://darkroom.example.com/api"
    )
    for page, server in ((in_a_bucket, "https://storage.example.com"), (in_a_folder, "https://darkroom.example.com")):
        assert f"img-src 'self' data: {server};" in page.policy
        assert f"connect-src 'self' {server};" in page.policy
        assert f"frame-src {server};" in page.policy


def test_every_asset_may_be_kept_for_ever(service: Service) -> None:
    pages = [service.client.get(address).text for address in ("/", "/schema", "/support", "/insights")]
    names = {name for page in pages for name in re.findall(r'"(/assets/[^"]+)"', page)}
    assert len(names) == len(list((BUILT / "assets").iterdir()))
    for name in names:
        asset = service.client.get(name)
        assert asset.status_code == 200
        assert asset.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert asset.content == (BUILT / name.removeprefix("/")).read_bytes()
        assert asset.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, br", "gzip"),
        ("br,GZIP", "gzip"),
        ("gzip;q=1.0, identity; q=0.5", "gzip"),
        ("br, gzip ; q=0.001", "gzip"),
        ("identity", None),
        ("gzip;q=0", None),
        ("br, gzip; q=0.000, identity", None),
        ("xgzip", None),
        ("gzipped, br", None),
        ("", None),
    ],
)
def test_it_is_compressed_for_a_client_that_reads_that(service: Service, accepted: str, encoding: str | None) -> None:
    with service.client.stream("GET", "/", headers={"Accept-Encoding": accepted}) as index:
        content = b"".join(index.iter_raw())
    assert index.headers.get("Content-Encoding") == encoding
    assert index.headers["Vary"] == "Accept-Encoding"
    assert (gzip.decompress(content) if encoding else content).startswith(b"<!doctype html>")


@pytest.mark.parametrize("name", ["nothing.js", "..%2Findex.html", "%2e%2e%2fsource.sha256"])
def test_what_is_no_asset_is_not_found(service: Service, name: str) -> None:
    assert error_of(service.client.get(f"/assets/{name}")) == (404, "NOT_FOUND")


def test_the_page_says_the_size_limit_that_is_set(database_url: str, tmp_path: Path) -> None:
    with running_service(database_url, tmp_path, max_upload_bytes=12345) as service:
        assert '<meta name="max-upload-bytes" content="12345" />' in service.client.get("/").text
