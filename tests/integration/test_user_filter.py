"""A process that keeps CAP_SETUID becomes none but the users that are named, by no way that Linux has."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from workers.confinement.privileges import FIRST_USER, SET_GROUPS, SET_USERS

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root has rights to keep")

OURS, SERVER, GROUP = 65_525, 65_526, 65_527
PROGRAM = f"""
import ctypes, json, os, subprocess, sys, threading
from workers.confinement.privileges import acting_as, leave_root
from workers.confinement.user_filter import limit_users
libc = ctypes.CDLL(None, use_errno=True)
LAST = 0xFFFFFFFF

def call(name, *arguments):
    if getattr(libc, name)(*arguments) < 0:
        raise OSError(ctypes.get_errno(), name)

def raw(number, *arguments):
    if libc.syscall(ctypes.c_long(number), *map(ctypes.c_long, arguments)) < 0:
        raise OSError(ctypes.get_errno(), str(number))

def as_root_for_files():
    with acting_as(0, {GROUP}):
        pass

def in_group_root_for_files():
    with acting_as({OURS}, 0):
        pass

leave_root({OURS}, {GROUP}, ({SET_USERS}, {SET_GROUPS}))
limit_users([{OURS}, {SERVER}, {GROUP}])
ATTEMPTS = dict(
    setuid=lambda: os.setuid(0), setreuid=lambda: os.setreuid(0, 0), seteuid=lambda: os.seteuid(0),
    real=lambda: os.setresuid(0, -1, -1), saved=lambda: os.setresuid(-1, -1, 0), daemon=lambda: os.setresuid(1, 1, 1),
    person=lambda: os.setresuid(1000, 1000, 1000), large=lambda: os.setresuid(2**31, 2**31, 2**31),
    beyond=lambda: os.setresuid({FIRST_USER} + 2**22 + 1, -1, -1), below=lambda: os.setresuid({FIRST_USER} - 1, -1, -1),
    wide=lambda: raw({{"x86_64": 117}}.get(os.uname().machine, 147), 2**32, 2**32, 2**32),
    setgid=lambda: os.setgid(0), setregid=lambda: os.setregid(0, 0), shadow=lambda: os.setresgid(42, 42, 42),
    groups=lambda: os.setgroups([0]), files=as_root_for_files, files_of_group=in_group_root_for_files,
    namespace=lambda: call("unshare", 0x10000000), joined=lambda: call("setns", 0, 0),
    forked=lambda: raw({{"x86_64": 56}}.get(os.uname().machine, 220), 0x10000000 | 17, 0, 0, 0, 0),
    clone3=lambda: raw(435, 0, 0),
)
found = {{}}
for name, attempt in ATTEMPTS.items():
    try:
        attempt()
        found[name] = "went well"
    except OSError as error:
        found[name] = error.errno
    except OverflowError:
        found[name] = "overflow"
thread = threading.Thread(target=lambda: found.update(thread="runs"))
thread.start()
thread.join()
with acting_as({SERVER}, {GROUP}):
    pass
os.setgroups([])
image = {FIRST_USER} + os.getpid()
for user in ({SERVER}, image):
    child = os.fork()
    if child == 0:
        os.setresgid({GROUP}, {GROUP}, {GROUP})
        os.setresuid(user, user, user)
        os._exit(0 if os.getresuid() == (user, user, user) else 1)
    found[f"became {{user - image}}"] = os.waitpid(child, 0)[1]
found["users"] = os.getresuid()
print(json.dumps(found))
"""


def test_it_becomes_the_users_that_are_named_and_no_other() -> None:
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = msgspec.json.decode(done.stdout)
    assert found.pop("users") == [OURS] * 3
    assert found.pop("thread") == "runs"
    assert {end for name, end in found.items() if name.startswith("became")} == {0}
    assert found.pop("clone3") == 38, "libc takes another call"
    refused = {name: end for name, end in found.items() if not name.startswith("became")}
    assert len(refused) == 20
    assert set(refused.values()) == {1}, refused
