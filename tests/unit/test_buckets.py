"""Durations in buckets on a log scale: they add up, and a percentile of them is near the true one."""

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.statistics.buckets import LAST, bucket_of, end_of, percentile

SECONDS = st.floats(min_value=0.002, max_value=1e6)


@given(SECONDS)
def test_a_duration_is_within_its_bucket(seconds: float) -> None:
    bucket = bucket_of(seconds)

    assert end_of(bucket - 1) * 0.999999 < seconds <= end_of(bucket) * 1.000001


@pytest.mark.parametrize("seconds", [-5.0, 0.0, 0.0005, 0.001])
def test_what_took_no_time_is_in_the_first(seconds: float) -> None:
    assert bucket_of(seconds) == 0


def test_what_took_for_ever_is_in_the_last() -> None:
    assert bucket_of(1e30) == LAST


@given(st.lists(SECONDS, min_size=1, max_size=200), st.sampled_from([0.5, 0.9, 0.95]))
def test_a_percentile_is_within_nine_percent_of_a_duration_that_has_that_place(
    durations: list[float], share: float
) -> None:
    counts: dict[int, int] = {}
    for seconds in durations:
        counts[bucket_of(seconds)] = counts.get(bucket_of(seconds), 0) + 1
    found = percentile(counts, share)
    index = max(int(-(-share * len(durations) // 1)) - 1, 0)
    true = sorted(durations)[index]

    assert found is not None
    assert true / 1.1 < found < true * 1.1


def test_many_even_durations_have_the_median_that_statistics_tell() -> None:
    durations = [each / 10 for each in range(1, 1001)]
    counts: dict[int, int] = {}
    for seconds in durations:
        counts[bucket_of(seconds)] = counts.get(bucket_of(seconds), 0) + 1

    assert percentile(counts, 0.5) == pytest.approx(statistics.median(durations), rel=0.02)


def test_without_a_duration_there_is_no_percentile() -> None:
    assert percentile({}, 0.5) is None
    assert percentile({7: 0}, 0.5) is None
