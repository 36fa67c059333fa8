"""How many children of a given size there is room for, by the limits of the control groups."""

from pathlib import Path

import pytest

from workers.confinement import capacity
from workers.confinement.capacity import processes_that_fit

GIBIBYTE = 2**30


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine of 16 CPUs, whose control groups are files in this folder."""
    monkeypatch.setattr(capacity, "_usable_cpus", lambda: 16)
    return tmp_path


def fitting(machine: Path, own: str, files: dict[str, str]) -> int:
    """With these control groups and these files in them."""
    (machine / "own").write_text(own)
    for name, content in files.items():
        path = machine / "groups" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return processes_that_fit(GIBIBYTE, cgroups=machine / "groups", own=machine / "own")


def test_without_limits_there_is_one_for_each_cpu(machine: Path) -> None:
    assert fitting(machine, "0::/\n", {}) == 16
    assert fitting(machine, "", {}) == 16


@pytest.mark.parametrize(("quota", "children"), [("max 100000", 16), ("400000 100000", 4), ("50000 100000", 1)])
def test_the_share_of_the_cpus_limits_them(machine: Path, quota: str, children: int) -> None:
    assert fitting(machine, "0::/app\n", {"app/cpu.max": quota}) == children


@pytest.mark.parametrize(("limit", "children"), [("max", 16), (str(4 * GIBIBYTE), 3), (str(GIBIBYTE), 1), ("0", 1)])
def test_the_memory_limits_them(machine: Path, limit: str, children: int) -> None:
    assert fitting(machine, "0::/app\n", {"app/memory.max": limit}) == children


def test_a_limit_of_a_group_around_ours_holds_too(machine: Path) -> None:
    files = {"pod/cpu.max": "200000 100000", "pod/app/cpu.max": "max 100000"}
    assert fitting(machine, "0::/pod/app\n", files) == 2


def test_a_container_sees_its_own_group_as_the_top(machine: Path) -> None:
    assert fitting(machine, "0::/docker/1f3a\n", {"cpu.max": "300000 100000"}) == 3


def test_the_first_version_of_control_groups_is_read(machine: Path) -> None:
    own = "4:memory:/app\n2:cpu,cpuacct:/app\n"
    files = {
        "cpu,cpuacct/app/cpu.cfs_quota_us": "1000000",
        "cpu,cpuacct/app/cpu.cfs_period_us": "100000",
        "memory/app/memory.limit_in_bytes": str(3 * GIBIBYTE),
        "memory/memory.limit_in_bytes": "9223372036854771712",
    }
    assert fitting(machine, own, files) == 2
    assert fitting(machine, own, {"memory/app/memory.limit_in_bytes": "9223372036854771712"}) == 10


def test_the_machine_that_runs_this_has_room() -> None:
    assert processes_that_fit(GIBIBYTE) >= 1
