"""The rate limit: so many uploads in any minute, for each address."""

import pytest

from app.limits.upload_rate import TooManyUploadsError, UploadRate


class Hands:
    """A clock that is set by hand."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_the_window_slides_and_says_how_long_to_wait() -> None:
    clock = Hands()
    rate = UploadRate(2, clock)
    rate.count("a")
    clock.now += 30
    rate.count("a")

    with pytest.raises(TooManyUploadsError) as refused:
        rate.count("a")
    assert refused.value.retry_after == 30

    clock.now += 29.5
    with pytest.raises(TooManyUploadsError) as refused:
        rate.count("a")
    assert refused.value.retry_after == 1

    clock.now += 0.5
    rate.count("a")
    with pytest.raises(TooManyUploadsError):
        rate.count("a")


def test_addresses_do_not_share_it() -> None:
    rate = UploadRate(1, Hands())
    rate.count("a")

    rate.count("b")


def test_zero_is_no_limit() -> None:
    rate = UploadRate(0, Hands())

    for _ in range(1000):
        rate.count("a")


def test_addresses_that_stopped_sending_are_forgotten() -> None:
    clock = Hands()
    rate = UploadRate(5, clock)
    for number in range(100):
        rate.count(f"address {number}")
    clock.now += 30
    rate.count("address 0")
    clock.now += 30

    rate.count("another")

    assert set(vars(rate)["_sent"]) == {"address 0", "another"}


def test_addresses_of_one_ipv6_network_of_64_bits_count_together() -> None:
    rate = UploadRate(2)
    rate.count("2001:db8:1:2::1")
    rate.count("2001:db8:1:2:ffff:ffff:ffff:ffff")

    with pytest.raises(TooManyUploadsError):
        rate.count("2001:db8:1:2:3::4")
    rate.count("2001:db8:1:3::1")


def test_ipv4_addresses_count_each_by_itself() -> None:
    rate = UploadRate(1)
    rate.count("192.0.2.1")
    rate.count("192.0.2.2")

    with pytest.raises(TooManyUploadsError):
        rate.count("192.0.2.1")
