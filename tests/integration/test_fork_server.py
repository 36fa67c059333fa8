"""The parent of the children: what its end, its silence and theirs mean for a job that had nothing to do with it."""

import os
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from tests.linux_processes import children_of, is_running, open_files, status
from tests.photos import variants
from tests.waiting import until
from workers.confinement import fork_client
from workers.errors import ExhaustedError, PassingError
from workers.imaging.jobs import Develop, Picture
from workers.imaging.sandbox import TRIES, Limits, Sandbox

PATIENCE = 60.0
OWN_FILES = 6
"""The server's standard files, its socket, and a pipe that wakes it."""


def developing(data: bytes) -> Develop:
    return Develop(data, max_pixels=50_000_000, max_side=20_000, longest_side=600, quality=90)


SLOW = developing(variants.encoded(variants.picture().resize((6000, 6000)), "PNG", compress_level=1))
QUICK = developing(variants.photo())


class Watched(Sandbox):
    """A sandbox whose fork servers were all started by it alone."""

    def __init__(self, limits: Limits | None = None, *, children: int | None = None) -> None:
        self._others = children_of(os.getpid())
        super().__init__(limits, children=children)

    @property
    def servers(self) -> list[int]:
        return [pid for pid in children_of(os.getpid()) if pid not in self._others]

    @property
    def server(self) -> int:
        (server,) = self.servers
        return server

    @property
    def children(self) -> list[int]:
        return [child for server in self.servers for child in children_of(server)]


@contextmanager
def at_work(sandbox: Watched) -> Iterator[Future[Picture]]:
    """A slow job that has its child."""
    with ThreadPoolExecutor() as pool:
        run = pool.submit(sandbox.run, SLOW)
        until(lambda: any(status(pid, "Seccomp") == "2" for pid in sandbox.children), "no child is confined")
        yield run


def test_one_server_forks_a_child_for_each_job_and_is_left_with_nothing_of_it() -> None:
    sandbox = Watched()
    sandbox.run(QUICK)
    server = sandbox.server
    for _ in range(5):
        sandbox.run(QUICK)
    assert sandbox.server == server
    assert sandbox.children == []
    until(lambda: len(open_files(server)) == OWN_FILES, "files of a job stay open")


def test_jobs_beside_each_other_get_each_its_own_picture() -> None:
    sandbox = Sandbox(children=4)
    photos = [variants.photo(name) for name in variants.NAMES]
    jobs = [Develop(photo, 10**6, 1000, side, quality=90) for photo in photos for side in (90, 80)]
    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(sandbox.run, jobs * 3))
    assert made == [sandbox.run(job) for job in jobs] * 3


def test_a_server_that_dies_is_started_again_and_no_picture_is_blamed() -> None:
    sandbox = Watched()
    with at_work(sandbox) as run:
        killed = [sandbox.server, *sandbox.children]
        os.kill(sandbox.server, signal.SIGKILL)
        assert run.result(PATIENCE).width == 600
    until(lambda: not any(map(is_running, killed)), "a child outlives its parent")
    assert sandbox.server not in killed


ASLEEP = "import time; from workers.imaging import child; child.work = lambda *_: time.sleep(600); child.main()"


def test_a_child_dies_with_its_parent_before_it_is_confined_too(monkeypatch: pytest.MonkeyPatch) -> None:
    command = [sys.executable, "-I", "-c", ASLEEP, str(os.getpid())]
    monkeypatch.setattr(Sandbox, "command", staticmethod(lambda: command))
    sandbox = Watched()
    with ThreadPoolExecutor() as pool:
        run = pool.submit(sandbox.run, QUICK)
        until(lambda: len(sandbox.children) > 0, "no child begins")
        (child,) = sandbox.children
        until(lambda: len(open_files(child)) == 3, "it has not begun")
        os.kill(sandbox.server, signal.SIGKILL)
        until(lambda: not is_running(child), "the child outlives its parent")
        sandbox.close()
        assert isinstance(run.exception(PATIENCE), PassingError)


def test_a_server_that_died_between_two_jobs_is_not_noticed_by_the_next_one() -> None:
    sandbox = Watched()
    sandbox.run(QUICK)
    os.kill(sandbox.server, signal.SIGKILL)
    assert sandbox.run(QUICK).width == 600


def test_a_server_that_dies_again_and_again_is_trouble_that_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[None] = []

    def failing() -> list[str]:
        started.append(None)
        return ["false"]

    monkeypatch.setattr(Sandbox, "command", staticmethod(failing))
    with pytest.raises(PassingError, match="the fork server ended with 1") as passing:
        Sandbox().run(QUICK)
    assert type(passing.value) is PassingError
    assert len(started) == TRIES


def test_a_server_that_is_silent_is_given_up_with_its_children(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fork_client, "SILENCE_SECONDS", 0.5)
    sandbox = Watched(Limits(wall_seconds=10))  # a busy machine takes seconds to begin
    with ThreadPoolExecutor() as pool:
        run = pool.submit(sandbox.run, SLOW)
        until(lambda: any(status(pid, "Seccomp") == "2" for pid in sandbox.children), "no child is confined")
        silent = [sandbox.server, *sandbox.children]
        for pid in silent:
            os.kill(pid, signal.SIGSTOP)
        with pytest.raises(PassingError, match="no outcome") as passing:
            run.result(PATIENCE)
    assert type(passing.value) is PassingError
    until(lambda: not any(map(is_running, silent)), "the silent server lives on")
    assert Sandbox().run(QUICK).width == 600


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_of_the_service_spares_the_server(number: signal.Signals) -> None:
    sandbox = Watched()
    with at_work(sandbox) as run:
        server = sandbox.server
        os.kill(server, number)
        assert run.result(PATIENCE).width == 600
    assert sandbox.server == server


def test_after_a_crash_the_next_child_has_another_parent_and_those_at_work_keep_theirs() -> None:
    sandbox = Watched(children=2)
    with ThreadPoolExecutor() as pool:
        runs = [pool.submit(sandbox.run, SLOW) for _ in range(2)]
        until(lambda: len(sandbox.children) == 2, "no two children begin")
        old = sandbox.server
        os.kill(sandbox.children[0], signal.SIGSEGV)
        outcomes = [run.exception(PATIENCE) for run in runs]
    assert sorted(map(type, outcomes), key=str) == [type(None), ExhaustedError]
    sandbox.run(QUICK)
    until(lambda: sandbox.servers != [] and not is_running(old), "the old parent stays")
    assert old not in sandbox.servers


def test_a_child_that_is_ended_for_its_time_costs_the_server_nothing() -> None:
    sandbox = Watched(Limits(wall_seconds=0.05))
    with pytest.raises(PassingError, match=r"no outcome in 0\.05 s"):
        sandbox.run(SLOW)
    assert is_running(sandbox.server)


def test_a_sandbox_that_is_not_used_any_more_leaves_no_server() -> None:
    sandbox = Watched()
    sandbox.run(QUICK)
    server = sandbox.server
    del sandbox
    until(lambda: not is_running(server), "the server stays")


def test_a_sandbox_that_is_closed_leaves_no_process_and_takes_no_job() -> None:
    sandbox = Watched()
    with at_work(sandbox) as run:
        family = [sandbox.server, *sandbox.children]
        sandbox.close()
        assert isinstance(run.exception(PATIENCE), PassingError)
    assert not is_running(family[0])
    until(lambda: not any(map(is_running, family)), "a child outlives its parent")
    with pytest.raises(PassingError, match="was closed"):
        sandbox.run(QUICK)


def test_the_server_has_no_terminal_and_its_own_session() -> None:
    sandbox = Watched()
    sandbox.run(QUICK)
    assert int(status(sandbox.server, "NSsid")) == sandbox.server
