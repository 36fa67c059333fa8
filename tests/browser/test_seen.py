"""The benchmark of the page runs, at a tiny size; how fast, no test asks."""

import subprocess
import sys
from pathlib import Path

from tests.benchmarks.results import kept

ROOT = Path(__file__).parents[2]


def test_it_measures_the_first_step_and_every_step_and_leaves_every_invariant_whole(tmp_path: Path) -> None:
    # As a process of its own: a second browser cannot be driven beside the one of the other tests.
    command = [sys.executable, "-m", "tests.benchmarks", "seen", "--quick", "--results", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=200, check=False)

    assert done.returncode == 0, done.stderr
    (results,) = kept(tmp_path)
    ((ours,),) = [outcome.scores for outcome in results.outcomes]
    assert all(lag > 0 for lags in ours.rounds.values() for lag in lags)
    assert results.notes == ["The service's own `darkroom verify` found nothing."]
