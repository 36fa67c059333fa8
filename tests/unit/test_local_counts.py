"""Counts in the memory of a process: so many requests in any minute, for each client, a part of the whole quota."""

from typing import Final

import pytest

from app.limits.counts import Call
from app.limits.local import LocalCounts
from app.limits.networks import networks_of
from app.limits.policies import Ask, Policy, Rule, uploads
from workers.runs.calls import share_of


class Hands:
    """A clock that is set by hand."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def ask(who: str = "a", quota: int = 2) -> Call:
    """One request of a client."""
    return Call([Ask(Policy("uploads-by-address", quota), who)])


def test_the_window_slides_and_says_how_long_to_wait() -> None:
    clock = Hands()
    counts = LocalCounts(1, clock)
    counts.take(ask())
    clock.now += 30
    counts.take(ask())

    refused = counts.take(ask())
    assert (refused.given, refused.tightest.left, refused.tightest.reset) == (0, 0, 31)

    clock.now += 30.5
    assert counts.take(ask()).given == 0, "it counts for 60 to 61 s"

    clock.now += 0.5
    assert counts.take(ask()).given == 1
    assert counts.take(ask()).given == 0


def test_clients_do_not_share_it() -> None:
    counts = LocalCounts(1, Hands())
    counts.take(ask("a", 1))

    assert counts.take(ask("b", 1)).given == 1


def test_a_refused_request_counts_for_none_of_its_policies() -> None:
    counts = LocalCounts(1, Hands())
    wide, narrow = Ask(Policy("wide", 3), "a"), Ask(Policy("narrow", 1), "b")

    given = [counts.take(Call([wide, narrow])).given for _ in range(3)]

    assert given == [1, 0, 0]
    assert counts.take(Call([wide], owed=2)).given == 2


def test_a_process_gives_its_part_alone_and_at_least_one() -> None:
    counts = LocalCounts(4, Hands())

    assert [counts.take(ask("a", 9)).given for _ in range(3)] == [1, 1, 0]
    assert [counts.take(ask("b", 1)).given for _ in range(2)] == [1, 0]


def test_the_part_that_is_given_ahead_shrinks_to_one() -> None:
    counts = LocalCounts(1, Hands())
    taken = []
    while given := counts.take(Call([Ask(Policy("polls", 1000), "a")], owed=0, ahead=50)).given:
        taken.append(given)

    assert sum(taken) == 1000
    assert taken == sorted(taken, reverse=True)
    assert (taken[0], taken[-1]) == (50, 1)


def test_clients_that_stopped_asking_are_forgotten() -> None:
    clock = Hands()
    counts = LocalCounts(1, clock)
    for number in range(100):
        counts.take(ask(f"address {number}"))
    clock.now += 30
    counts.take(ask("address 0"))
    clock.now += 32

    counts.take(ask("another"))

    assert {ask.who for ask in vars(counts)["_slots"]} == {"address 0", "another"}


ADDRESSES: Final = [
    ("192.0.2.1", ("192.0.2.1",)),
    ("::ffff:192.0.2.1", ("192.0.2.1",)),
    ("2001:db8:1:2::1", ("2001:db8:1:2::/64", "2001:db8:1::/48")),
    ("2001:db8:1:2:ffff:ffff:ffff:ffff", ("2001:db8:1:2::/64", "2001:db8:1::/48")),
    ("2001:db8:1:3::1", ("2001:db8:1:3::/64", "2001:db8:1::/48")),
    ("", ("",)),
    ("a name", ("a name",)),
]


@pytest.mark.parametrize(("address", "networks"), ADDRESSES)
def test_an_address_counts_as_its_networks(address: str, networks: tuple[str, ...]) -> None:
    assert networks_of(address) == networks


def test_a_wide_network_may_send_ten_times_as_much_as_a_narrow_one() -> None:
    rule = Rule("uploads", "uploads", by_address=60, by_session=60)

    assert [(ask.policy.name, ask.policy.quota) for ask in rule.asks("2001:db8::1", "hash")] == [
        ("uploads-by-session", 60),
        ("uploads-by-address", 60),
        ("uploads-by-site", 600),
    ]
    assert len(rule.asks("192.0.2.1")) == 1
    assert Rule("uploads", "uploads", 0, 0).asks("192.0.2.1", "hash") == ()


def test_an_address_has_its_share_of_the_budget_for_an_hour() -> None:
    clock = Hands()
    counts = LocalCounts(1, clock)
    rule = uploads(60, share_of(500))
    asks = rule.asks("192.0.2.1", "a hash")
    assert [(ask.policy.name, ask.policy.quota, ask.policy.seconds) for ask in asks] == [
        ("uploads-by-session", 60, 60),
        ("uploads-by-address", 60, 60),
        ("uploads-by-address-hourly", 125, 3600),
    ]
    given = 0
    for _ in range(4):
        given += sum(counts.take(Call(asks)).given for _ in range(60))
        clock.now += 61

    assert given == 125
    clock.now += 3600
    assert counts.take(Call(asks)).given == 1


@pytest.mark.parametrize(("budget", "share"), [(None, None), (1, 3), (3, 3), (12, 3), (16, 4), (500, 125)])
def test_a_share_is_a_quarter_of_the_budget_and_at_least_three_calls(budget: int | None, share: int | None) -> None:
    assert share_of(budget) == share


def test_without_a_limit_on_uploads_there_is_none_for_the_hour() -> None:
    assert uploads(0, 125).asks("192.0.2.1", "a hash") == ()
