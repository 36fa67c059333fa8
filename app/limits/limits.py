"""All limits of one API process: what each kind of request counts for."""

from contextlib import AbstractAsyncContextManager, ExitStack
from typing import Final, NamedTuple

from app.limits.counting import Counting
from app.limits.counts import Call
from app.limits.errors import TooManyRequestsError
from app.limits.local import LocalCounts
from app.limits.networks import networks_of
from app.limits.policies import (
    FAILED_TOKENS,
    LINKS,
    READINESS,
    SITE,
    Fields,
    fields_of,
    polls,
    uploads,
)
from app.limits.purses import CREDIT, Purses
from app.limits.semaphores import Semaphores
from app.limits.shared import Semaphore, SharedCounts
from app.settings.environment import Settings
from projections.log.redis_connection import open_redis
from workers.runs.calls import share_of

FEW: Final = 2
"""So many photos of a session or an address in a minute run before those of clients that send more. On two CPUs they
hold up another client's for no longer than the 6 s of CPU that one photo may cost."""
ANSWER_SECONDS: Final = 0.4
"""How long Redis may take. A photo is answered within 2 s although Redis is frozen."""


class Counted(NamedTuple):
    """An upload that was counted: the header fields of its answer, and whether its client sent more than a few."""

    fields: Fields
    is_one_of_many: bool


class Limits:
    """The limits of one process. Without shared counts it counts for itself, as if it were the only one."""

    def __init__(self, settings: Settings, shared: SharedCounts | None = None) -> None:
        counting = Counting(shared, LocalCounts() if shared else LocalCounts(processes=1))
        self._counting = counting
        self._uploads = uploads(settings.uploads_per_minute, share_of(settings.paid_calls_per_hour))
        self._semaphores = Semaphores(shared)
        self._held_per_session = settings.held_per_session
        self._held_per_address = settings.held_per_address
        self.polls = Purses(polls(settings.polls_per_minute), counting, CREDIT)
        self.failed_tokens = Purses(FAILED_TOKENS, counting)
        self.links = Purses(LINKS, counting)
        self.readiness = Purses(READINESS, counting)

    async def count_upload(self, address: str, session_hash: str | None) -> Counted:
        """Count an upload or a retry. Raises TooManyRequestsError."""
        asks = self._uploads.asks(address, session_hash)
        if not asks:
            return Counted({}, is_one_of_many=False)
        grant = await self._counting.take(Call(asks))
        if not grant.given:
            raise TooManyRequestsError.of(self._uploads.what, grant.tightest)
        used = max(standing.policy.quota - standing.left for standing in grant.standings if standing.policy.is_of_one)
        return Counted(fields_of(grant.standings), is_one_of_many=used > FEW)

    def held(self, address: str, session_hash: str, seconds: int) -> AbstractAsyncContextManager[str | None]:
        """A permit for a request that waits; None if its session or its address has none."""
        semaphores = []
        if self._held_per_session:
            semaphores.append(Semaphore("held-by-session", session_hash, self._held_per_session))
        if self._held_per_address:
            sizes = (self._held_per_address, SITE * self._held_per_address)
            names = ("held-by-address", "held-by-site")
            semaphores += map(Semaphore, names, networks_of(address), sizes)
        return self._semaphores.permit(semaphores, seconds)

    def alone(self, what: str) -> AbstractAsyncContextManager[bool]:
        """A permit for one request over all processes; False if another one has it."""
        return self._semaphores.renewed_permit(Semaphore("alone", what, 1))


def open_limits(settings: Settings, stack: ExitStack) -> Limits:
    """The limits that this process shares with the others."""
    shared = SharedCounts(open_redis(settings.redis_url or "", stack, ANSWER_SECONDS), settings.secret_keys[-1])
    stack.callback(shared.close)
    return Limits(settings, shared)
