"""What four processes give one client together is the quota, to one."""

import subprocess
import sys

import pytest

PROCESSES = 4


def given(redis_url: str, kind: str, requests: int, **settings: int) -> int:
    """How many requests four processes answered together."""
    command = [sys.executable, "-m", "tests.integration.limits.counters", redis_url, kind, str(requests)]
    command += [f"{name}={value}" for name, value in settings.items()]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(PROCESSES)
    ]
    for process in processes:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    return sum(int(process.communicate(timeout=60)[0]) for process in processes)


@pytest.mark.parametrize("quota", [1, 60, 500])
def test_uploads_are_exact(valkey_url: str, quota: int) -> None:
    assert given(valkey_url, "uploads", quota, uploads_per_minute=quota) == quota


def test_failed_tokens_are_exact(valkey_url: str) -> None:
    assert abs(given(valkey_url, "failed tokens", 600) - 600) <= 1


def test_polls_are_exact_where_all_processes_are_asked(valkey_url: str) -> None:
    assert abs(given(valkey_url, "polls", 6000, polls_per_minute=3000) - 3000) <= 1
