"""GET /healthz and /readyz: whether the process lives, and whether everything answers that it needs."""

import asyncio
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from time import monotonic
from typing import Any, Final

from anyio import CapacityLimiter, to_thread
from litestar import Request, Response

from app.api.http.addresses import address_of
from app.api.http.bodies import ErrorFacts
from app.api.http.services import Check
from app.api.operations.bodies import HealthBody, NotReadyBody, ReadinessBody
from app.limits.limits import Limits
from app.settings.environment import Network
from domain.errors import DarkroomError
from projections.log.throttled import ThrottledWarning

CHECK_SECONDS: Final = 2.0
REMEMBERED_SECONDS: Final = 1.0
"""How long an answer stands. The checks write, and any number of callers must cost one check a second."""
THREADS: Final = 16
"""Checks that hang use these up, and never the threads of uploads."""
NO_STORE: Final = {"Cache-Control": "no-store"}
OK: Final = "ok"


class Health:
    """Asks every dependency at once, each for a bounded time."""

    def __init__(self, checks: Mapping[str, Check], limits: Limits, trusted_proxies: Sequence[Network]) -> None:
        self._checks = checks
        self._limits = limits
        self._trusted_proxies = trusted_proxies
        self._threads = CapacityLimiter(THREADS)
        self._round: asyncio.Task[dict[str, str]] | None = None
        self._stale_at = 0.0
        self._not_ready = ThrottledWarning("api.not_ready")

    async def healthz(self) -> Response[HealthBody]:
        """Ask whether the process lives."""
        return Response(HealthBody(), headers=NO_STORE)

    async def readyz(self, request: Request[Any, Any, Any]) -> Response[ReadinessBody | NotReadyBody]:
        """Ask whether every dependency answers."""
        await self._limits.readiness.spend(address_of(request.scope, self._trusted_proxies))
        checks = await self.checks()
        failed = [name for name, answer in checks.items() if answer != OK]
        if not failed:
            return Response(ReadinessBody(checks=checks), headers=NO_STORE)
        error = ErrorFacts(code="NOT_READY", message=f"Not ready: {', '.join(failed)}.")
        body = NotReadyBody(error=error, checks=checks)
        return Response(body, status_code=HTTPStatus.SERVICE_UNAVAILABLE, headers={**NO_STORE, "Retry-After": "2"})

    async def checks(self) -> dict[str, str]:
        """The answer of each dependency, OK or what is wrong, at most REMEMBERED_SECONDS old."""
        if self._round is None or (self._round.done() and monotonic() >= self._stale_at):
            self._round = asyncio.create_task(self._ask())
        return await asyncio.shield(self._round)  # one caller that leaves does not end it for the others

    async def _ask(self) -> dict[str, str]:
        answers = await asyncio.gather(*(self._answer(name, check) for name, check in self._checks.items()))
        self._stale_at = monotonic() + REMEMBERED_SECONDS
        return dict(zip(self._checks, answers, strict=True))

    async def _answer(self, name: str, check: Check) -> str:
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                await to_thread.run_sync(check, abandon_on_cancel=True, limiter=self._threads)
        except TimeoutError:
            answer = cause = f"No answer within {CHECK_SECONDS:g} s."
        except DarkroomError as error:
            answer, cause = error.message, f"{error.message} {error.__cause__ or ''}".rstrip()
        except Exception as error:  # noqa: BLE001 - whatever a driver raises, the dependency is not ready
            # Its text may name hosts and users, which is for the log alone.
            answer, cause = "It does not answer as it should.", repr(error)
        else:
            return OK
        self._not_ready.warn(f"{name}: {cause}")
        return answer
