"""The built page that is committed: it is built of the source beside it, it is small, and it needs no other server.

None of this needs Node. That a build of the source gives these very bytes is for tests/browser, which has it.
"""

import gzip
import json
import re
from hashlib import sha256
from pathlib import Path
from typing import Final

import pytest

from tests.house.the_house import ROOT

WEB: Final = ROOT / "app" / "web"
BUILT: Final = WEB / "built"
ASSETS: Final = sorted((BUILT / "assets").iterdir())
BESIDE: Final = (
    *("index.html", "insights.html", "package-lock.json", "package.json", "schema.html", "support.html"),
    "vite.config.ts",
)
PAGES: Final = sorted(file.name for file in BUILT.glob("*.html"))
FIRST_LOAD_BYTES: Final = 150_000
NAMES_IN_CODE: Final = {"http://www.w3.org", "https://react.dev"}
"""Namespaces and links in the messages of React: nothing that is ever asked for."""


def digest(content: bytes) -> str:
    """SHA-256, in hexadecimal."""
    return sha256(content).hexdigest()


def sources() -> list[Path]:
    """The files that the page is made of; see app/web/sourceDigest.ts."""
    written = (file for file in (WEB / "src").rglob("*") if file.is_file() and ".test." not in file.name)
    return sorted([*written, *(WEB / name for name in BESIDE)], key=lambda file: file.relative_to(WEB).as_posix())


def test_it_is_built_of_the_source_beside_it() -> None:
    lines = (f"{digest(file.read_bytes())}  {file.relative_to(WEB).as_posix()}\n" for file in sources())
    assert (BUILT / "source.sha256").read_text() == digest("".join(lines).encode()) + "\n", "run `npm run build`"


def asked_by(page: str) -> set[str]:
    """The addresses that the page names."""
    return set(re.findall(r'(?:src|href)="([^"]*)"', (BUILT / page).read_text()))


def assets_of(page: str) -> list[Path]:
    """The files that the page loads."""
    return [BUILT / address.removeprefix("/") for address in sorted(asked_by(page))]


def test_the_first_load_of_the_upload_page_is_small() -> None:
    files = [BUILT / "index.html", *assets_of("index.html")]
    assert sum(len(gzip.compress(file.read_bytes(), 9)) for file in files) < FIRST_LOAD_BYTES


def test_the_pages_ask_for_the_assets_and_nothing_else() -> None:
    assert set.union(*map(asked_by, PAGES)) == {f"/assets/{file.name}" for file in ASSETS}


@pytest.mark.parametrize("page", PAGES)
def test_no_page_holds_an_inline_script_or_style(page: str) -> None:
    index = (BUILT / page).read_text()
    assert re.findall(r"<script(?![^>]* src=)|<style| style=| on[a-z]+=", index) == []


def test_the_upload_page_names_no_other_server() -> None:
    content = b"".join(file.read_bytes() for file in assets_of("index.html"))
    assert {url.decode() for url in re.findall(rb"https?://[\w.-]+", content)} <= NAMES_IN_CODE


def test_its_lock_names_no_server_and_every_hash() -> None:
    lock = json.loads((WEB / "package-lock.json").read_text())
    packages = [package for path, package in lock["packages"].items() if path]
    assert packages
    assert [package for package in packages if "resolved" in package or "integrity" not in package] == []
