"""The benchmarks run, at tiny sizes; how fast, no test asks."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.benchmarks.__main__ import NAMES, benchmarks
from tests.benchmarks.results import BEGIN, END, kept, write_readme


@pytest.mark.parametrize("name", [name for name in NAMES if name != "seen"])  # tests/browser runs that one
def test_every_benchmark_runs_and_leaves_every_invariant_whole(name: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(benchmarks, [name, "--quick", "--results", str(tmp_path)])

    assert done.exit_code == 0, done.output
    assert "verified: 0 violations" in done.stdout
    (results,) = kept(tmp_path)
    assert results.benchmark == name
    assert {score.kind for outcome in results.outcomes for score in outcome.scores} >= {"ours"}
    assert (tmp_path / f"{name}.svg").read_text().startswith("<svg")


def test_the_readme_shows_the_last_results(tmp_path: Path) -> None:
    CliRunner().invoke(benchmarks, ["load", "--quick", "--results", str(tmp_path)], catch_exceptions=False)
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{BEGIN}\nolder results\n{END}\nafter\n")

    write_readme(tmp_path, readme)

    text = readme.read_text()
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert "older results" not in text
    assert "| load 12 events | us |" in text


@pytest.mark.parametrize("mistake", [["--fast"], ["apend"], ["--results"]])
def test_a_wrong_flag_gets_a_clear_error(mistake: list[str]) -> None:
    done = CliRunner().invoke(benchmarks, mistake)

    assert done.exit_code == 2
    assert mistake[-1] in done.stderr
