"""What is done to the children of a running `darkroom up`, and undone again. Chooses nothing: that is plan.py's."""

import os
import signal
import time
from collections import Counter
from typing import Final

import psycopg
from redis import Redis, RedisError

from tests.acceptance.service import Service
from tests.chaos.model import Model
from tests.chaos.plan import Injury
from tests.linux_processes import descendants, signal_all

CONNECT_SECONDS: Final = 2


class Surgeon:
    """Injures one service; `endings` counts how often each child was ended by it."""

    def __init__(self, service: Service, model: Model) -> None:
        self.endings: Counter[str] = Counter()
        self._service = service
        self._model = model
        self._frozen: list[tuple[float, list[int]]] = []  # until when, and which processes

    def injure(self, injury: Injury) -> str:
        """Do it; what became of it."""
        match injury.kind:
            case "kill":
                return self._end(injury.target, signal.SIGKILL)
            case "stop":
                # To SIGTERM PostgreSQL would wait for its clients to go, as long as that takes.
                return self._end(injury.target, signal.SIGINT if injury.target == "postgres" else signal.SIGTERM)
            case "freeze":
                return self._freeze(injury)
            case "cut":
                return self._cut(injury.target)
            case "flush":
                return self._flush()
            case _:
                self._model.be_down(injury.seconds)
                return "done"

    def thaw(self, *, everything: bool = False) -> None:
        """Let go on what has been frozen for long enough."""
        self._let_go([frozen for frozen in self._frozen if everything or frozen[0] <= time.monotonic()])

    def _let_go(self, due: list[tuple[float, list[int]]]) -> None:
        for frozen in due:
            self._frozen.remove(frozen)
            signal_all(frozen[1], signal.SIGCONT)

    def _end(self, child: str, number: signal.Signals) -> str:
        pid = self._service.pid_of(child)
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return "it is away already"
        self.endings[child] += 1
        # Frozen backends of a killed PostgreSQL would hold its shared memory, and every new start would fail on it.
        self._let_go([frozen for frozen in self._frozen if pid in frozen[1]])
        return "done"

    def _freeze(self, injury: Injury) -> str:
        child = self._service.pid_of(injury.target)
        signal_all(family := [child, *descendants(child)], signal.SIGSTOP)
        self._frozen.append((time.monotonic() + injury.seconds, family))
        return "done"

    def _cut(self, server: str) -> str:
        try:
            return f"{self._cut_postgres() if server == 'postgres' else self._cut_valkey()} connections"
        except (psycopg.Error, RedisError) as error:
            return f"it cannot be reached: {type(error).__name__}"

    def _cut_postgres(self) -> int:
        url = self._service.addresses.database_url
        others = "pid <> pg_backend_pid() AND backend_type = 'client backend'"
        with psycopg.connect(url, connect_timeout=CONNECT_SECONDS, options="-c statement_timeout=2000") as connection:
            found = connection.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")
            return len(found.fetchall())

    def _cut_valkey(self) -> int:
        with self._valkey() as redis:
            return sum(redis.client_kill_filter(_type=kind) for kind in ("normal", "pubsub"))

    def _flush(self) -> str:
        try:
            with self._valkey() as redis:
                redis.flushall()
        except RedisError as error:
            return f"it cannot be reached: {type(error).__name__}"
        return "done"

    def _valkey(self) -> Redis:
        url = self._service.addresses.redis_url
        return Redis.from_url(url, socket_timeout=CONNECT_SECONDS, socket_connect_timeout=CONNECT_SECONDS)
