"""The bytes of photos on their way have a bound, all together and of one address."""

import shutil
from pathlib import Path

import pytest

from app.limits.disk_space import DiskSpace
from app.limits.in_flight import BytesInFlight, TooMuchInFlightError
from domain.errors import StorageUnavailableError


def test_one_address_may_take_half_and_another_one_the_rest() -> None:
    in_flight = BytesInFlight(1000)
    with in_flight.of("10.0.0.1") as first, in_flight.of("10.0.0.1") as second, in_flight.of("10.0.0.2") as other:
        first(300)
        second(200)
        with pytest.raises(TooMuchInFlightError):
            second(1)
        other(500)
        with pytest.raises(TooMuchInFlightError):
            other(1)


def test_a_photo_that_is_over_gives_its_bytes_back() -> None:
    in_flight = BytesInFlight(1000)
    for _ in range(10):
        with in_flight.of("10.0.0.1") as count:
            count(500)


def test_a_customers_ipv6_addresses_share_one_half() -> None:
    in_flight = BytesInFlight(1000)
    with in_flight.of("2001:db8::1") as one, in_flight.of("2001:db8::2") as another:
        one(500)
        with pytest.raises(TooMuchInFlightError):
            another(1)


def test_without_a_limit_everything_is_let_in() -> None:
    with BytesInFlight(0).of("10.0.0.1") as count:
        count(2**40)


def test_a_disk_that_is_nearly_full_takes_no_photo(tmp_path: Path) -> None:
    free = shutil.disk_usage(tmp_path).free
    DiskSpace([tmp_path], free // 2).check()
    DiskSpace([tmp_path], 0).check()
    DiskSpace([tmp_path / "not there yet"], 2**60).check()
    with pytest.raises(StorageUnavailableError):
        DiskSpace([tmp_path], 2**60).check()
