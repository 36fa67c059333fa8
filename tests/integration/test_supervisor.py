"""The supervisor: what it starts again, how it stops, and that nothing outlives it. Each test runs one for real."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest

from app.embedded.child import LOG_LIMIT, Child, Process
from app.embedded.supervisor import ChildNotReadyError, Supervisor
from tests.linux_processes import is_running
from tests.servers import open_folder
from tests.waiting import until

DEADLINE_SECONDS = 20.0
SLEEPER = "import time; time.sleep(600)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); open({ready!r}, 'w'); time.sleep(600)"
PROGRAM = """
import json, sys
from pathlib import Path
from app.embedded.child import Child
from app.embedded.supervisor import Supervisor

def tell(event, **fields):
    print(json.dumps({"event": event, **fields}), flush=True)

def child(name, code, ready=None, stop_seconds=30):
    is_ready = ready and Path(ready).exists
    return Child(name=name, argv=(sys.executable, "-c", code), env={}, ready=is_ready, stop_seconds=stop_seconds)

with Supervisor(tell) as supervisor:
    for group in json.loads(sys.argv[1]):
        supervisor.start(*(child(**one) for one in group))
    tell("running")
    supervisor.run()
tell("gone")
"""
EMBEDDED = """
import sys
from pathlib import Path
from app.embedded.postgres import EmbeddedPostgres
from app.embedded.valkey import EmbeddedValkey
from app.embedded.supervisor import Supervisor

postgres, valkey = EmbeddedPostgres(Path(sys.argv[1])), EmbeddedValkey(Path(sys.argv[1]))
with Supervisor() as supervisor:
    supervisor.start(valkey.child, postgres.child)
    print(postgres.url, supervisor.pid_of("postgres"), supervisor.pid_of("valkey"), flush=True)
    supervisor.run()
"""


class Program:
    """A supervisor in a process of its own, and what it tells."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.told: list[dict[str, Any]] = []

    def next(self, event: str, child: str | None = None) -> dict[str, Any]:
        """The next event of that kind, of that child."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.told.append(json.loads(line))
            if self.told[-1]["event"] == event and child in (None, self.told[-1].get("child")):
                return self.told[-1]
        raise AssertionError(f"it ended without {event}: {self.told}")

    def order(self, event: str) -> list[str]:
        """The children of which that was told, in order."""
        return [told["child"] for told in self.told if told["event"] == event]


@contextmanager
def supervised(*groups: list[dict[str, Any]]) -> Iterator[Program]:
    command = [sys.executable, "-c", PROGRAM, json.dumps(groups)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        try:
            yield Program(process)
        finally:
            process.kill()


def sleeper(name: str) -> dict[str, Any]:
    return {"name": name, "code": SLEEPER}


def stubborn(name: str, ready: Path, stop_seconds: float) -> dict[str, Any]:
    return {"name": name, "code": STUBBORN.format(ready=str(ready)), "ready": str(ready), "stop_seconds": stop_seconds}


def test_a_child_that_is_killed_is_started_again() -> None:
    with supervised([sleeper("work")]) as program:
        first = program.next("child started")["pid"]
        program.next("running")
        os.kill(first, signal.SIGKILL)
        ended = program.next("child ended")
        assert (ended["child"], ended["how"], ended["again_in_seconds"]) == ("work", "signal SIGKILL", 0.2)
        assert program.next("child started")["pid"] != first


def test_a_child_that_keeps_ending_is_started_after_growing_pauses(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    code = (
        f"import pathlib, sys, time; p = pathlib.Path({str(ready)!r})\nif p.exists(): sys.exit(3)\np.touch(); {SLEEPER}"
    )
    with supervised([{"name": "work", "code": code, "ready": str(ready)}]) as program:
        pid = program.next("child started")["pid"]
        program.next("running")
        os.kill(pid, signal.SIGTERM)
        endings = [program.next("child ended") for _ in range(4)]
    assert [ended["how"] for ended in endings] == ["signal SIGTERM"] + ["exit code 3"] * 3
    assert [ended["again_in_seconds"] for ended in endings] == [0.2, 0.4, 0.8, 1.6]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_the_last_group_first(number: signal.Signals) -> None:
    with supervised([sleeper("project"), sleeper("dispatch")], [sleeper("work")], [sleeper("serve")]) as program:
        program.next("running")
        # To the whole process group, as a terminal does for Ctrl-C: the children must not get it.
        os.killpg(program.process.pid, number)
        program.next("gone")
        assert program.process.wait(DEADLINE_SECONDS) == 0
    assert program.order("child stopping") == ["serve", "work", "project", "dispatch"]
    assert program.order("child ended") == program.order("child killed") == []
    pids = [told["pid"] for told in program.told if told["event"] == "child started"]
    assert not any(is_running(pid) for pid in pids)


def test_a_child_that_does_not_stop_in_its_time_is_killed(tmp_path: Path) -> None:
    with supervised([stubborn("work", tmp_path / "ready", 0.3)]) as program:
        pid = program.next("child started")["pid"]
        program.next("running")
        program.process.terminate()
        assert program.next("child killed")["child"] == "work"
        program.next("gone")
    assert not is_running(pid)


def test_a_second_signal_stops_at_once(tmp_path: Path) -> None:
    groups = [stubborn("project", tmp_path / "a", 600)], [stubborn("work", tmp_path / "b", 600)]
    with supervised(*groups) as program:
        program.next("running")
        program.process.send_signal(signal.SIGINT)
        program.next("child stopping", "work")
        program.process.send_signal(signal.SIGINT)
        program.next("gone")
        assert program.process.wait(DEADLINE_SECONDS) == 0
    assert program.order("child killed") == ["work", "project"]


def test_a_signal_while_it_starts_stops_what_has_been_started(tmp_path: Path) -> None:
    never = {"name": "postgres", "code": SLEEPER, "ready": str(tmp_path / "never")}
    with supervised([sleeper("valkey"), never]) as program:
        program.next("child started", "postgres")
        program.process.terminate()
        program.next("gone")
        assert program.process.wait(DEADLINE_SECONDS) == 0
    assert sorted(program.order("child stopping")) == ["postgres", "valkey"]


def test_children_die_with_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    with supervised([sleeper("project"), stubborn("work", tmp_path / "ready", 600)]) as program:
        program.next("running")
        pids = [told["pid"] for told in program.told if told["event"] == "child started"]
        program.process.kill()
        until(lambda: not any(is_running(pid) for pid in pids), "a child outlived its supervisor")


def test_what_a_killed_child_leaves_behind_is_ended_too(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    code = (
        "import subprocess, sys, time, pathlib\n"
        f"child = subprocess.Popen([sys.executable, '-c', {SLEEPER!r}])\n"
        f"half = pathlib.Path({str(note) + '.half'!r}); half.write_text(str(child.pid)); half.rename({str(note)!r})\n"
        "time.sleep(600)"
    )
    with supervised([{"name": "serve", "code": code, "ready": str(note)}]) as program:
        pid = program.next("child started")["pid"]
        program.next("running")
        grandchild = int(note.read_text())
        assert is_running(grandchild)
        os.kill(pid, signal.SIGKILL)
        program.next("child ended")
        until(lambda: not is_running(grandchild), "a grandchild stayed")


def test_killed_databases_heal_by_themselves() -> None:
    with open_folder() as folder:
        command = [sys.executable, "-c", EMBEDDED, str(folder)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            url, postgres, valkey = process.stdout.readline().split()
            with psycopg.connect(url, autocommit=True) as busy:
                os.kill(int(postgres), signal.SIGKILL)
                os.kill(int(valkey), signal.SIGKILL)
                until(lambda: answers(url), "PostgreSQL did not come back")
                with pytest.raises(psycopg.OperationalError):
                    busy.execute("SELECT 1")
            process.terminate()
            assert process.wait(DEADLINE_SECONDS) == 0


def answers(url: str) -> bool:
    with suppress(psycopg.OperationalError), psycopg.connect(url, connect_timeout=2) as connection:
        return connection.execute("SELECT 1").fetchone() == (1,)
    return False


def test_a_child_that_ends_before_it_is_ready_is_given_up_with_its_last_words(tmp_path: Path) -> None:
    broken = Child(
        name="postgres",
        argv=(sys.executable, "-c", "import sys; sys.exit('no room on the disk')"),
        env={},
        log=tmp_path / "logs" / "postgres.log",
        ready=lambda: False,
    )
    supervisor = Supervisor()
    with pytest.raises(ChildNotReadyError) as caught:
        supervisor.start(broken)
    supervisor.stop()
    assert caught.value.message.startswith("postgres did not become ready; it ended: exit code 1.")
    assert caught.value.message.endswith("no room on the disk")


def test_a_program_that_is_missing_is_named() -> None:
    supervisor = Supervisor()
    with pytest.raises(ChildNotReadyError, match="/nowhere/postgres"):
        supervisor.start(Child(name="postgres", argv=("/nowhere/postgres",), env={}))
    supervisor.stop()


def test_a_child_that_ran_steadily_is_started_again_without_a_long_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.embedded.supervisor.STEADY_SECONDS", 0)
    pauses: list[float] = []
    supervisor = Supervisor(lambda _event, **fields: pauses.append(fields.get("again_in_seconds", 0)))
    with pytest.raises(ChildNotReadyError):
        supervisor.start(Child(name="work", argv=(sys.executable, "-c", ""), env={}, ready=lambda: False))
    supervisor.stop()
    assert [pause for pause in pauses if pause] == [0.2, 0.2, 0.2]


def test_a_child_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.embedded.supervisor.START_SECONDS", 0.1)
    supervisor = Supervisor()
    with pytest.raises(ChildNotReadyError, match="work did not become ready; it runs, but takes too long"):
        supervisor.start(Child(name="work", argv=(sys.executable, "-c", SLEEPER), env={}, ready=lambda: False))
    pid = supervisor.pid_of("work")
    supervisor.stop()
    assert pid is not None
    assert not is_running(pid)


def test_a_child_that_ignores_even_its_own_last_signal_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.embedded.child.KILL_SECONDS", 0.1)
    ready = tmp_path / "ready"
    code = STUBBORN.format(ready=str(ready))
    process = Process(
        Child(name="work", argv=(sys.executable, "-c", code), env={}, kill_signal=signal.SIGTERM, ready=ready.exists)
    )
    until(lambda: process.ready, "it did not start")
    process.kill()
    assert process.ending == "signal SIGKILL"


def test_a_child_is_started_also_where_no_kernel_ties_it_to_its_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "other")
    process = Process(Child(name="work", argv=(sys.executable, "-c", ""), env={}))
    assert process.wait(DEADLINE_SECONDS)
    assert process.ending == "exit code 0"


def test_a_log_that_has_grown_large_is_set_aside(tmp_path: Path) -> None:
    log = tmp_path / "work.log"
    log.write_bytes(b"x" * (LOG_LIMIT + 1))
    process = Process(Child(name="work", argv=(sys.executable, "-c", "print('hello')"), env={}, log=log))
    assert process.wait(DEADLINE_SECONDS)
    assert log.read_text() == "hello\n"
    assert log.with_suffix(".old.log").stat().st_size == LOG_LIMIT + 1


def test_the_handlers_of_signals_are_put_back() -> None:
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    with Supervisor():
        assert signal.getsignal(signal.SIGTERM) != before[0]
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before
