"""wrk, which asks as fast as it is answered, over connections that stay."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

from tests.benchmarks.contest import Figures

PROGRAM: Final = shutil.which("wrk")
SCRIPT: Final = Path(__file__).with_name("poll.lua")
MILLISECONDS: Final = {"us": 0.001, "ms": 1.0, "s": 1000.0}


def polls(url: str, connections: int, seconds: int, environment: dict[str, str]) -> Figures:
    """Poll for so long; every poll must be answered with 200."""
    assert PROGRAM
    command = [PROGRAM, "-t1", f"-c{connections}", f"-d{seconds}", "--timeout=60s", "--latency", "-s", str(SCRIPT), url]
    told = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
    assert "Non-2xx" not in told, told
    assert "Socket errors" not in told, told
    rate = re.search(r"Requests/sec:\s+([0-9.]+)", told)
    slow = re.search(r"99%\s+([0-9.]+)(us|ms|s)", told)
    assert rate, told
    assert slow, told
    return {"polls/s": float(rate[1]), "p99 ms": float(slow[1]) * MILLISECONDS[slow[2]]}


def knock(url: str, connections: int, seconds: int) -> None:
    """Ask for one address for so long, whatever the answers are."""
    assert PROGRAM
    subprocess.run([PROGRAM, "-t1", f"-c{connections}", f"-d{seconds}", url], check=True, capture_output=True)
