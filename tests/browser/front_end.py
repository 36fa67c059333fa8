"""A front end that is not ours: built with Vite against the packed `darkroom-status`, on an origin of its own."""

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from typing import Final

import httpx

from tests.fakes.server import serving
from tests.servers import free_port
from tests.waiting import until

WEB: Final = Path(__file__).parents[2] / "app" / "web"
FRONT_ENDS: Final = Path(__file__).parent / "front_ends"
SECONDS: Final = 240


def run(*command: object, cwd: Path) -> None:
    """Run a command to its end; it must end well."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, "NEXT_TELEMETRY_DISABLED": "1"},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def install(front_end: str, folder: Path) -> None:
    """The front end's packages, as its lock says, and the hook as it would be published."""
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(FRONT_ENDS / front_end / name, folder)
    run("npm", "ci", "--no-audit", "--no-fund", cwd=folder)
    with _alone():
        run("npm", "run", "package", cwd=WEB)
        (tarball,) = (WEB / "dist").glob("darkroom-status-*.tgz")
        package = folder / "node_modules" / "darkroom-status"
        package.mkdir()
        run("tar", "-xzf", str(tarball), "--strip-components=1", cwd=package)


@contextmanager
def _alone() -> Iterator[None]:
    """No other process of the tests packs meanwhile: all of them pack in the same folder."""
    with (WEB / "package.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def build(react: str, folder: Path) -> Path:
    """The small app of `front_ends/vite` on that React, checked by TypeScript; the folder that can be served."""
    shutil.copytree(FRONT_ENDS / "vite", folder)
    install(react, folder)
    binaries = WEB / "node_modules" / ".bin"
    run(binaries / "tsc", "--project", folder, cwd=folder)
    run(binaries / "vite", "build", folder, "--logLevel", "warn", cwd=folder)
    return folder / "dist"


@contextmanager
def running_next(folder: Path) -> Iterator[str]:
    """The small app of `front_ends/next`, built and served by Next on an origin of its own."""
    shutil.copytree(FRONT_ENDS / "next", folder)
    install("next", folder)
    next_command = folder / "node_modules" / ".bin" / "next"
    run(next_command, "build", cwd=folder)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    server = subprocess.Popen(
        [str(next_command), "start", "--hostname", "127.0.0.1", "--port", str(port)],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until(lambda: _serves(url), f"{url} does not answer")
        yield url
    finally:
        server.terminate()
        server.wait(SECONDS)


def _serves(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False).is_success
    except httpx.TransportError:
        return False


class _Quiet(SimpleHTTPRequestHandler):
    """Says nothing of its requests."""

    def log_message(self, *_: object) -> None:
        """Not on the terminal of the tests."""


@contextmanager
def serving_folder(folder: Path) -> Iterator[str]:
    """The folder on a port of its own: another origin than Darkroom's."""
    with serving(partial(_Quiet, directory=str(folder))) as url:
        yield url
