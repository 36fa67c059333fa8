"""Hostile code in the child has no way out, and where the system cannot confine it no photo is opened."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryFile

import msgspec
import pytest

from tests.linux_processes import children_of, command_and_environment, open_files, resident_bytes, status
from tests.photos import variants
from tests.waiting import until
from workers.confinement.confining import MOST_THREADS
from workers.confinement.fork_client import ForkClient
from workers.confinement.fork_server import Allowance
from workers.errors import ExhaustedError, PassingError
from workers.imaging.jobs import Develop
from workers.imaging.sandbox import ConfinementError, Limits, Sandbox, check_confinement

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
MEBIBYTE = 2**20


class Taken(Sandbox):
    """A sandbox whose children run a program of ours, under the child's own argument."""

    def __init__(self, *program: str, limits: Limits | None = None) -> None:
        self._program = program
        super().__init__(limits)

    def command(self) -> list[str]:  # type: ignore[override] # the real one has no program to choose
        return [sys.executable, "-I", *self._program, str(os.getpid())]


def job(picture: bytes = b"") -> Develop:
    return Develop(picture, 10**6, 1000, longest_side=100, quality=80)


@pytest.fixture
def secret(tmp_path: Path) -> Iterator[Path]:
    """A file that a child of this user could read, beside a unix socket that it could connect to."""
    path = tmp_path / "key"
    path.write_text("a-secret")
    tmp_path.chmod(0o777)
    path.chmod(0o666)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"{path}.sock")
        server.listen()
        yield path


def test_hostile_code_in_the_child_has_no_way_out(secret: Path) -> None:
    report = Taken(str(HERE / "hostile_child.py")).run(job(str(secret).encode()))
    found: dict[str, str] = msgspec.json.decode(report.jpeg.removeprefix(b"\xff\xd8\xff"))

    assert len(found) > 45
    assert {name: end for name, end in found.items() if end not in {"EPERM", "EACCES", "ENOSYS"}} == {}
    assert secret.read_text() == "a-secret"
    assert sorted(path.name for path in secret.parent.iterdir()) == ["key", "key.sock"]


@pytest.mark.skipif(os.geteuid() != 0, reason="the limit counts all processes of a user, which must be its own")
def test_started_as_root_hostile_code_does_not_take_all_process_ids_of_the_machine() -> None:
    threads = Taken(str(HERE / "flooding_child.py")).run(job()).width
    assert 1 < threads <= MOST_THREADS


@pytest.fixture
def waiting_child() -> Iterator[int]:
    """A child that has been confined and waits for its job; its parent is the fork server."""
    client = ForkClient(Sandbox.command, TemporaryFile)
    job_file, end = os.pipe()
    allowance = Allowance(Limits().memory_bytes, 6, MEBIBYTE, 60, must_confine=True)
    with (
        ThreadPoolExecutor() as pool,
        open(job_file, "rb") as message,  # noqa: PTH123 - a descriptor
        TemporaryFile() as answer,
        TemporaryFile() as complaint,
    ):
        pool.submit(client.run, allowance, (message, answer, complaint))
        until(lambda: confined_children() != [], "no child is confined")
        yield confined_children()[0]
        os.close(end)


def confined_children() -> list[int]:
    """The children of fork servers; a test's databases have children of their own."""
    below = [child for server in children_of(os.getpid()) for child in children_of(server)]
    return [pid for pid in below if status(pid, "Seccomp") == "2"]


def parent_of(pid: int) -> int:
    return int(status(pid, "PPid"))


def test_a_child_that_waits_for_its_job_has_nothing(waiting_child: int) -> None:
    assert (status(waiting_child, "NoNewPrivs"), status(waiting_child, "Seccomp")) == ("1", "2")
    assert int(status(waiting_child, "CapEff"), 16) == int(status(waiting_child, "CapPrm"), 16) == 0
    assert len(open_files(waiting_child)) == 3


def test_the_parent_of_children_has_no_more_than_they_and_what_it_forks_with(waiting_child: int) -> None:
    server = parent_of(waiting_child)
    assert status(server, "NoNewPrivs") == "1"
    assert int(status(server, "CapEff"), 16) == int(status(server, "CapPrm"), 16) == 0
    assert command_and_environment(server)[1] == b"GLIBC_TUNABLES=glibc.malloc.hugetlb=1\0"
    for name in ("Uid", "Gid", "Groups"):
        assert status(server, name) == status(waiting_child, name)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_started_as_root_it_is_no_user_of_the_services(waiting_child: int) -> None:
    for name in ("Uid", "Gid"):
        users = set(map(int, status(waiting_child, name).split()))
        assert len(users) == 1
        assert min(users) > 65_000
    assert status(waiting_child, "Groups") == ""


def test_no_photo_is_opened_by_a_child_that_lacks_a_part_of_its_confinement() -> None:
    broken = "from workers.imaging import child; child.confine = lambda *_: ['Landlock']; child.main()"
    with pytest.raises(PassingError, match="cannot be confined: Landlock"):
        Taken("-c", broken).run(job(variants.photo()))


FLOOD = "import os, sys; from workers.imaging import child\nchild.develop = lambda _: {}\nchild.main()"
ENDLESS = "[os.write(1, bytes(2**20)) for _ in iter(int, 1)]"


def test_what_a_child_may_answer_is_bounded() -> None:
    before = resident_bytes(os.getpid())
    with pytest.raises(ExhaustedError, match="an answer of"):
        Taken("-c", FLOOD.format(ENDLESS), limits=Limits(answer_bytes=64 * MEBIBYTE)).run(job())
    assert resident_bytes(os.getpid()) - before < 16 * MEBIBYTE


NO_PICTURES = ["(b'<svg/>', 1, 1, 'JPEG')", "(b'\\xff\\xd8\\xff', 0, 1, 'JPEG')", "(b'\\xff\\xd8\\xff', 1, 1, 'x')"]


@pytest.mark.parametrize("answer", NO_PICTURES)
def test_an_answer_that_is_no_picture_of_ours_is_blamed_on_the_picture(answer: str) -> None:
    with pytest.raises(ExhaustedError, match="no picture of ours"):
        Taken("-c", f"from workers.imaging.jobs import Picture; {FLOOD.format('Picture' + answer)}").run(job())


def test_an_answer_that_is_none_is_blamed_on_the_picture() -> None:
    with pytest.raises(ExhaustedError, match="cannot be read"):
        Taken("-c", FLOOD.format("os.write(1, b'no answer') and sys.stdout.flush()")).run(job())


WITHOUT = """
import ctypes, struct, sys
def refuse(number):
    "From now on this system call is not there, as on an older kernel."
    steps = ((0x20, 0, 0, 0), (0x15, 0, 1, number), (0x06, 0, 0, 0x50000 | 38), (0x06, 0, 0, 0x7FFF0000))
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    program = ctypes.create_string_buffer(struct.pack("HP", len(steps), ctypes.addressof(code)))
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, program) == 0
"""
PARTS = {"Landlock": 444, "seccomp": 317 if os.uname().machine == "x86_64" else 277}
SERVICE = {
    "DATABASE_URL": "postgresql://nowhere.invalid/darkroom",
    "REDIS_URL": "redis://nowhere.invalid",
    "SECRET_KEYS": "k" * 32,
    "PATH": os.environ["PATH"],
}


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command, env = [sys.executable, "-c", WITHOUT + code], SERVICE | environment
    return subprocess.run(command, capture_output=True, text=True, env=env, cwd=ROOT, timeout=120, check=False)


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("command", ["work", "up"])
def test_where_the_system_cannot_confine_it_the_worker_says_so_and_does_not_start(
    part: str, command: str, tmp_path: Path
) -> None:
    code = f"refuse({PARTS[part]})\nfrom app.cli import main; sys.argv = ['darkroom', {command!r}]; main()"
    ended = run(code, DATA_DIR=str(tmp_path))

    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1] == (
        f"The process that opens a photo cannot be confined here. Missing: {part} (Function not implemented). "
        "Use Linux 5.13 or newer with Landlock, or set UNCONFINED_IMAGES=allow."
    )


def test_a_setting_lets_it_go_on() -> None:
    code = f"""
refuse({PARTS["Landlock"]})
from pathlib import Path
from workers.imaging.jobs import Develop
from workers.imaging.sandbox import Sandbox, check_confinement
print(check_confinement(must_confine=False))
photo = Path("tests/photos/coffee.jpg").read_bytes()
print(Sandbox(must_confine=False).run(Develop(photo, 10**6, 1000, longest_side=100, quality=80)).width)
"""
    ended = run(code)
    assert ended.stdout.splitlines() == [
        "The process that opens a photo cannot be confined here. Missing: Landlock (Function not implemented).",
        "100",
    ], ended.stderr


def test_here_nothing_is_missing() -> None:
    assert check_confinement(must_confine=True) is None
    assert issubclass(ConfinementError, Exception)


def test_landlock_alone_takes_files_and_the_network_away() -> None:
    ended = run("""
import socket
from workers.confinement import landlock
from workers.confinement.process_control import PR_SET_NO_NEW_PRIVS, control
control(PR_SET_NO_NEW_PRIVS, 1)
landlock.restrict()
for attempt in (lambda: open("/etc/passwd"), lambda: socket.create_connection(("127.0.0.1", 1))):
    try:
        print(attempt())
    except PermissionError as error:
        print(error.errno)
""")
    assert ended.stdout.split() == ["13", "13"], ended.stderr


PROCESSES = {
    "serve": "server.serve",
    "work": "bootstrap.open_worker",
    "project": "bootstrap.open_readers",
    "dispatch": "bootstrap.open_dispatch",
}


@pytest.mark.parametrize("name", PROCESSES)
def test_a_process_that_knows_keys_is_not_dumpable(name: str) -> None:
    ended = run(f"""
from app import bootstrap, processes
from app.api.serving import server
from app.settings.environment import Settings
def report(*_, **__):
    print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
    sys.exit()
{PROCESSES[name]} = report
print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
processes.{name}(Settings())
""")
    assert ended.stdout.split() == ["1", "0"], ended.stderr
