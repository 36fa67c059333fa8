"""The benchmark of the page runs, at a tiny size; how fast, no test asks."""

from tests.benchmarks.__main__ import measure


def test_it_measures_the_first_step_and_every_step_and_leaves_every_invariant_whole() -> None:
    results = measure("seen", quick=True)

    (outcome,) = results.outcomes
    (ours,) = outcome.scores
    assert all(lag > 0 for lags in ours.rounds.values() for lag in lags)
    assert results.notes == ["The service's own `darkroom verify` found nothing."]
