"""Hostile code in the place of the picture's decoder: run inside of the child's own confinement, it tries to get out.

`python -I tests/integration/hostile_child.py PARENT` takes the child's own argument, and is the fork server of children
that are hostile. The job's picture is the path of a file that this user could read before.
"""

import ctypes
import errno
import mmap
import os
import platform
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import msgspec

from workers.imaging import child
from workers.imaging.jobs import Develop, Picture

LIBC = ctypes.CDLL(None, use_errno=True)
SERVICE, SERVER = os.getppid(), os.getpid()
"""The process that knows keys, and the fork server, which is the child's own parent."""
JPEG_HEAD = b"\xff\xd8\xff"
"""What an answer that is taken for a picture begins with."""
PTRACE_ATTACH, PR_SET_DUMPABLE = 16, 4
CLONE_NEWUSER, SIGCHLD = 0x10000000, 17
KILLED_OFF = {"x86_64": {"fork": 57, "vfork": 58, "memfd_create": 319, "bpf": 321, "keyctl": 250}, "aarch64": {}}
NEWER = {"pidfd_open": 434, "openat2": 437, "pidfd_getfd": 438, "io_uring_setup": 425, "clone3": 435, "landlock": 444}
"""The same number on every architecture."""


def system_call(number: int, *arguments: int) -> None:
    if LIBC.syscall(ctypes.c_long(number), *(ctypes.c_long(argument) for argument in arguments)) < 0:
        raise OSError(ctypes.get_errno(), "refused")


def libc(name: str, *arguments: object) -> None:
    if getattr(LIBC, name)(*arguments) < 0:
        raise OSError(ctypes.get_errno(), "refused")


def connect(family: int, address: object) -> None:
    with socket.socket(family, socket.SOCK_STREAM) as connection:
        connection.connect(address)  # type: ignore[arg-type] # of either family


def memory_of(process: int) -> None:
    here, there = (ctypes.c_char * 8)(), ctypes.c_void_p(id(None))
    vector = type("Vector", (ctypes.Structure,), {"_fields_": [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]})
    libc(
        "process_vm_readv",
        *(process, ctypes.byref(vector(ctypes.addressof(here), 8)), ctypes.c_ulong(1)),
        *(ctypes.byref(vector(there, 8)), ctypes.c_ulong(1), ctypes.c_ulong(0)),
    )


def attempts_on(process: int) -> dict[str, Callable[[], object]]:
    """Ways into another process."""
    read = Path.read_bytes
    return {
        "the environment": lambda: read(Path(f"/proc/{process}/environ")),
        "the memory": lambda: read(Path(f"/proc/{process}/mem")),
        "the memory, by a system call,": lambda: memory_of(process),
        "the open files": lambda: os.listdir(f"/proc/{process}/fd"),  # noqa: PTH208 - fewest calls
        "tracing": lambda: libc("ptrace", PTRACE_ATTACH, process, 0, 0),
        "an end": lambda: os.kill(process, 9),
        "an existence": lambda: os.kill(process, 0),
        "the limits": lambda: libc("prlimit64", process, 7, None, ctypes.byref((ctypes.c_ulong * 2)())),
    }


def attempts(secret: str) -> dict[str, Callable[[], object]]:
    """Ways out, each by its name; one that does not raise has succeeded."""
    bytes_of = Path.read_bytes
    return {
        **{f"{name} of the service": attempt for name, attempt in attempts_on(SERVICE).items()},
        **{f"{name} of the server": attempt for name, attempt in attempts_on(SERVER).items()},
        "a signal to all": lambda: os.kill(-1, 0),
        "our own environment": lambda: bytes_of(Path("/proc/self/environ")),
        "a secret file": lambda: bytes_of(Path(secret)),
        "a public file": lambda: bytes_of(Path("/etc/passwd")),
        "whether a file is there": lambda: os.stat(secret),  # noqa: PTH116 - fewest calls
        "the names in a folder": lambda: os.listdir("/"),  # noqa: PTH208 - fewest calls
        "writing a file": lambda: os.open(f"{secret}.new", os.O_CREAT | os.O_WRONLY),
        "changing its job": lambda: os.write(0, b"another job"),
        "a longer job": lambda: os.ftruncate(0, 2**20),
        "removing a file": lambda: os.unlink(secret),  # noqa: PTH108 - fewest calls
        "another folder": lambda: os.chdir("/dev"),
        "a socket of IPv4": lambda: connect(socket.AF_INET, ("127.0.0.1", 1)),
        "a socket of IPv6": lambda: connect(socket.AF_INET6, ("::1", 1)),
        "a unix socket": lambda: connect(socket.AF_UNIX, f"{secret}.sock"),
        "an abstract unix socket": lambda: connect(socket.AF_UNIX, "\0darkroom"),
        "a pair of sockets": socket.socketpair,
        "a pipe": os.pipe,
        "fork": os.fork,
        "another program": lambda: os.execv("/bin/true", ["true"]),  # noqa: S606 - that is the attack
        "a program of its own": lambda: subprocess.run(["/bin/true"], check=False),
        "a process by clone": lambda: system_call({"x86_64": 56, "aarch64": 220}[platform.machine()], SIGCHLD, 0, 0),
        "a new user namespace": lambda: libc("unshare", CLONE_NEWUSER),
        "root again": lambda: os.setresuid(0, 0, 0),
        "being visible": lambda: libc("prctl", PR_SET_DUMPABLE, 1, 0, 0, 0),
        "a larger limit": lambda: libc("setrlimit", 1, ctypes.byref((ctypes.c_ulong * 2)(2**40, 2**40))),
        "executable memory": lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC),
        "waiting in the dark": lambda: libc("nanosleep", ctypes.byref((ctypes.c_long * 2)(0, 1)), None),
        **{
            f"the system call {name}": lambda number=number: system_call(number, 0, 0, 0)  # type: ignore[misc] # bound
            for name, number in (KILLED_OFF[platform.machine()] | NEWER).items()
        },
    }


def hostile(job: Develop) -> Picture:
    """Try all of them, and say what became of each in place of a picture."""
    found = {}
    for name, attempt in attempts(job.picture.decode()).items():
        try:
            found[name] = f"succeeded: {attempt()!r}"[:80]
        except BaseException as error:  # noqa: BLE001 - an attacker takes whatever comes
            number = error.errno if isinstance(error, OSError) else None
            found[name] = errno.errorcode.get(number or 0, repr(error))
    return Picture(JPEG_HEAD + msgspec.json.encode(found), 1, 1, "JPEG")


if __name__ == "__main__":
    vars(child)["develop"] = hostile  # as if the decoder had been taken over
    child.main()
