"""Durations in buckets on a log scale: eight to each doubling, from a millisecond up. Counts of buckets add up.

Bucket 0 is at most a millisecond. Bucket n ends at 0.001 * 2^(n/8) s and begins where bucket n - 1 ends, so a
percentile that is read off the buckets is less than 9% from the true one.
"""

from collections.abc import Mapping
from math import ceil, exp2, log2
from typing import Final

FIRST_SECONDS: Final = 0.001
PER_DOUBLING: Final = 8
LAST: Final = 400
"""Ends after 13,000 days."""


def bucket_of(seconds: float) -> int:
    """The bucket of a duration; 0 for a negative one, which a clock that stepped back leaves."""
    if seconds <= FIRST_SECONDS:
        return 0
    return min(ceil(PER_DOUBLING * log2(seconds / FIRST_SECONDS)), LAST)


def end_of(bucket: int) -> float:
    """The longest duration of a bucket, in seconds."""
    return FIRST_SECONDS * exp2(bucket / PER_DOUBLING)


def percentile(counts: Mapping[int, int], share: float) -> float | None:
    """The seconds that this share of the durations took at most; None without a duration.

    Within its bucket a duration is taken to be where its place in the bucket is.
    """
    total = sum(counts.values())
    if total <= 0:
        return None
    wanted, before = share * total, 0
    for bucket in sorted(counts):
        if counts[bucket] > 0 and before + counts[bucket] >= wanted:
            return end_of(bucket - 1) * exp2((wanted - before) / counts[bucket] / PER_DOUBLING)
        before += counts[bucket]
    return end_of(max(counts))
