"""Real children with real limits: what a picture may cost, and who is blamed when it costs more."""

import functools
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

from domain.failures import FailureCode
from tests.linux_processes import (
    children_of,
    command_and_environment,
    descendants,
    is_running,
    resident_bytes,
    signal_all,
    status,
)
from tests.photos import variants
from tests.waiting import BUSY_SECONDS, until
from workers.errors import ExhaustedError, PassingError, PermanentError
from workers.imaging.jobs import Develop, Picture, Unsupported
from workers.imaging.sandbox import Limits, Sandbox
from workers.steps.validating import Accepted, validate

MEBIBYTE = 1024**2
PATIENCE = 60.0


def developing(data: bytes) -> Develop:
    return Develop(data, max_pixels=50_000_000, max_side=20_000, longest_side=2048, quality=90)


@functools.cache
def slow_photo() -> bytes:
    """A photo that takes a child a second or two."""
    return variants.encoded(Image.new("RGBA", (7000, 7000), (9, 9, 9, 9)), "PNG", compress_level=1)


def servers(of: int | None = None) -> list[int]:
    """The fork servers, without those that end because no sandbox needs them."""
    mine = children_of(of or os.getpid())
    return [pid for pid in mine if b"workers.imaging.child" in command_and_environment(pid)[0]]


def children(of: int | None = None) -> list[int]:
    return [pid for server in servers(of) for pid in children_of(server)]


def frozen_children() -> list[int]:
    """Those that run now, each of them frozen, so that it does not end before the next one begins."""
    signal_all(children(), signal.SIGSTOP)
    return [child for child in children() if status(child, "State").startswith("T")]


def test_a_photo_comes_back_from_its_child() -> None:
    made = Sandbox().run(developing(variants.photo()))
    assert (made.width, made.height, made.jpeg[:3]) == (600, 400, b"\xff\xd8\xff")


def test_what_a_child_refuses_is_refused_for_good() -> None:
    with pytest.raises(PermanentError) as refused:
        Sandbox().run(developing(b"%PDF-1.7"))
    assert refused.value.code is FailureCode.NOT_AN_IMAGE


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"<!-- a logo --><svg/>", "This is an SVG file. Please choose a JPEG, PNG, WebP, HEIC or AVIF image."),
        (b"%PDF-1.7", "This is a PDF file. Please choose a JPEG, PNG, WebP, HEIC or AVIF image."),
        (
            variants.photo().replace(b"\xff\xc0\x00\x11\x08", b"\xff\xc0\x00\x11\x0c"),
            f"This is {Unsupported.DEEP_JPEG}, which is not supported. Please save it as an ordinary JPEG or PNG photo.",  # noqa: E501 - one sentence
        ),
    ],
)
def test_the_sentence_for_its_owner_names_the_format(data: bytes, sentence: str) -> None:
    with pytest.raises(PermanentError) as refused:
        validate(data, Sandbox(), Accepted())
    assert refused.value.message == sentence


@pytest.mark.parametrize("data", [variants.bomb(), variants.claims(30_000, 30_000)])
def test_a_bomb_is_refused_fast_and_with_little_memory(data: bytes) -> None:
    before, begun = resident_bytes(os.getpid()), time.monotonic()
    with pytest.raises(PermanentError) as refused:
        Sandbox(Limits(memory_bytes=256 * MEBIBYTE)).run(developing(data))
    assert refused.value.code is FailureCode.IMAGE_TOO_LARGE
    assert time.monotonic() - begun < 5 + BUSY_SECONDS
    assert resident_bytes(os.getpid()) - before < 8 * MEBIBYTE


def test_a_photo_of_the_greatest_size_that_is_taken_fits_into_the_limits() -> None:
    made = Sandbox().run(developing(slow_photo()))
    assert (made.width, made.height) == (2048, 2048)


def test_a_picture_that_takes_too_much_memory_exhausts_its_child_and_not_us() -> None:
    data = slow_photo()
    before = resident_bytes(os.getpid())
    with pytest.raises(ExhaustedError):
        Sandbox(Limits(memory_bytes=300 * MEBIBYTE)).run(developing(data))
    assert resident_bytes(os.getpid()) - before < 50 * MEBIBYTE


def test_a_picture_that_takes_too_much_computing_exhausts_its_child() -> None:
    photo = variants.encoded(variants.picture().resize((11_000, 11_000)), "PNG", compress_level=1)
    larger = Develop(photo, max_pixels=121_000_000, max_side=20_000, longest_side=2048, quality=90)
    with pytest.raises(ExhaustedError) as exhausted:
        Sandbox(Limits(cpu_seconds=1)).run(larger)
    assert str(-signal.SIGXCPU) in str(exhausted.value.detail)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_a_child_that_is_killed_as_a_picture_could_is_blamed_on_the_picture(number: signal.Signals) -> None:
    with ThreadPoolExecutor() as pool:
        run = pool.submit(Sandbox().run, developing(slow_photo()))
        until(lambda: len(children()) > 0, "no child begins")
        os.kill(children()[0], number)
        with pytest.raises(ExhaustedError):
            run.result(PATIENCE)


def test_a_child_that_is_told_to_end_before_it_works_is_not_blamed_on_the_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = tmp_path / "python"
    ended.write_text("#!/bin/sh\nkill -TERM $$\n")
    ended.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(ended))
    with pytest.raises(PassingError, match=f"ended with {-signal.SIGTERM}") as passing:
        Sandbox().run(developing(variants.photo()))
    assert type(passing.value) is PassingError


def test_a_stop_of_the_service_spares_the_child_that_is_at_work() -> None:
    with ThreadPoolExecutor() as pool:
        run = pool.submit(Sandbox().run, developing(slow_photo()))
        until(lambda: len(children()) > 0, "no child works")
        os.kill(children()[0], signal.SIGTERM)
        assert isinstance(run.result(PATIENCE), Picture)


def test_a_child_that_makes_no_headway_is_ended_and_its_picture_is_not_blamed() -> None:
    with ThreadPoolExecutor() as pool:
        run = pool.submit(Sandbox(Limits(wall_seconds=1.5)).run, developing(slow_photo()))
        until(lambda: len(children()) > 0, "no child begins")
        os.kill(children()[0], signal.SIGSTOP)
        with pytest.raises(PassingError) as passing:
            run.result(PATIENCE)
    assert type(passing.value) is PassingError
    assert passing.value.code is FailureCode.INTERNAL_ERROR
    assert children() == []


def test_a_machine_without_room_for_a_child_is_not_the_fault_of_a_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(PassingError, match="no child"):
        Sandbox().run(developing(variants.photo()))


def test_no_more_children_run_at_once_than_allowed() -> None:
    sandbox, most, over = Sandbox(children=2), 0, threading.Event()
    job = developing(variants.twelve_megapixels())

    def watch() -> None:
        nonlocal most
        while not over.wait(0.005):
            most = max(most, len(children()))

    watcher = threading.Thread(target=watch)
    watcher.start()
    with ThreadPoolExecutor(8) as pool:
        runs = [pool.submit(sandbox.run, job) for _ in range(8)]
        until(lambda: len(frozen_children()) == 2, "no two run at once")
        signal_all(children(), signal.SIGCONT)
        made = [run.result(PATIENCE) for run in runs]
    over.set()
    watcher.join()
    assert len(made) == 8
    assert most == 2


def test_a_child_knows_nothing_of_our_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DARKROOM_TEST_KEY", "a-secret")
    with ThreadPoolExecutor() as pool:
        run = pool.submit(Sandbox().run, developing(slow_photo()))
        until(lambda: len(children()) > 0, "no child begins")
        command, environment = command_and_environment(children()[0])
        assert isinstance(run.result(PATIENCE), Picture)
    assert b"imaging" in command
    assert environment == b"GLIBC_TUNABLES=glibc.malloc.hugetlb=1\0"


PARENT = """
import sys
from pathlib import Path
from workers.imaging.jobs import Develop
from workers.imaging.sandbox import Sandbox
Sandbox().run(Develop(Path(sys.argv[1]).read_bytes(), 10**8, 10**5, longest_side=2048, quality=90))
"""


def test_a_child_dies_with_its_parent_even_when_that_is_killed(tmp_path: Path) -> None:
    photo = tmp_path / "photo"
    photo.write_bytes(slow_photo())
    parent = subprocess.Popen([sys.executable, "-c", PARENT, photo])
    try:
        until(lambda: children(parent.pid) != [], "no child works")
        family = descendants(parent.pid)
    finally:
        os.kill(parent.pid, signal.SIGKILL)
        parent.wait(10)
    assert len(family) == 2  # the fork server and a child
    until(lambda: not any(map(is_running, family)), "the child outlives its parent")
