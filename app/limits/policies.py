"""The rate limits: what is counted, how much of it is allowed in a minute, for whom, and the header fields that say so.

RateLimit and RateLimit-Policy are those of draft-ietf-httpapi-ratelimit-headers-10: lists of structured fields, one
member for each policy, with its quota `q` and window `w`, and what remains `r` and the seconds until more does `t`.
"""

from collections.abc import Iterable, Mapping
from math import ceil
from typing import Final, NamedTuple

from msgspec import Struct

from app.limits.networks import networks_of

SITE: Final = 10
"""A /48 of IPv6 may send so many times as much as one address."""
HOUSEHOLD: Final = 5
"""An address may poll so many times as much as one session: others stand behind it too."""
WINDOW_SECONDS: Final = 60
HOUR_SECONDS: Final = 3600
HOURLY_SITE: Final = 2
"""A /48 may send so many times the share of the budget that one address has: not all of it."""


class Policy(Struct, frozen=True):
    """So many requests in any window of so many seconds."""

    name: str
    quota: int
    seconds: int = WINDOW_SECONDS

    @property
    def is_of_one(self) -> bool:
        """Whether it counts what one session or address sent in a minute."""
        return self.name.endswith(("-by-session", "-by-address"))

    @property
    def field(self) -> str:
        """Its member of RateLimit-Policy."""
        return f'"{self.name}";q={self.quota};w={self.seconds}'

    def remaining(self, left: int, reset: float) -> str:
        """Its member of RateLimit: what remains, and in how many seconds there is more."""
        return f'"{self.name}";r={left};t={max(1, ceil(reset))}'


class Ask(NamedTuple):
    """A request that counts for a policy, for this network or session."""

    policy: Policy
    who: str


class Standing(NamedTuple):
    """How a client stands with a policy after a request: what remains, and in how many seconds there is more."""

    policy: Policy
    left: int
    reset: float

    @property
    def field(self) -> str:
        """Its member of RateLimit."""
        return self.policy.remaining(self.left, self.reset)


Fields = Mapping[bytes, bytes]


def fields_of(standings: Iterable[Standing]) -> Fields:
    """The header fields of an answer; none without a limit."""
    standings = list(standings)
    if not standings:
        return {}
    return {
        b"ratelimit-policy": ", ".join(standing.policy.field for standing in standings).encode(),
        b"ratelimit": ", ".join(standing.field for standing in standings).encode(),
    }


def in_text(fields: Fields) -> dict[str, str]:
    """The same fields, as the framework takes them."""
    return {name.decode(): value.decode() for name, value in fields.items()}


class Rule(Struct, frozen=True):
    """The policies of one kind of request; a quota of 0 is no limit."""

    what: str
    name: str
    by_address: int
    by_session: int = 0
    by_address_hourly: int = 0

    def asks(self, address: str, session_hash: str | None = None) -> tuple[Ask, ...]:
        """What a request of this client counts for."""
        asks = []
        if self.by_session and session_hash:
            asks.append(Ask(Policy(f"{self.name}-by-session", self.by_session), session_hash))
        if self.by_address:
            names = ("address", self.by_address), ("site", SITE * self.by_address)
            asks += [
                Ask(Policy(f"{self.name}-by-{name}", quota), network)
                for (name, quota), network in zip(names, networks_of(address), strict=False)
            ]
        if self.by_address_hourly:
            names = ("address", self.by_address_hourly), ("site", HOURLY_SITE * self.by_address_hourly)
            asks += [
                Ask(Policy(f"{self.name}-by-{name}-hourly", quota, HOUR_SECONDS), network)
                for (name, quota), network in zip(names, networks_of(address), strict=False)
            ]
        return tuple(asks)


def uploads(per_minute: int, share_of_budget: int | None) -> Rule:
    """Photos sent, and retries: each may cost a call of the image model, of which an address has a share an hour."""
    hourly = (share_of_budget or 0) if per_minute else 0
    return Rule("uploads and retries", "uploads", per_minute, per_minute, hourly)


def polls(per_minute: int) -> Rule:
    """Requests for a status, at once, held or as a stream."""
    return Rule("polls", "polls", HOUSEHOLD * per_minute, per_minute)


FAILED_TOKENS: Final = Rule("session tokens that we did not sign", "failed-tokens", 600)
LINKS: Final = Rule("previews", "links", 3_000)
READINESS: Final = Rule("requests for readiness", "readiness", 120_000)
"""Its answer is remembered for a second, so that it costs little; a load test from the host of a probe must not hide
that probe's answer."""
