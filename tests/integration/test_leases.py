"""The leases on a real PostgreSQL: who holds an upload, and how a run finds out that it does not any more."""

import threading
from time import monotonic
from typing import Any, NoReturn
from uuid import uuid4

import psycopg
import pytest
from psycopg_pool import ConnectionPool

from domain.errors import LogUnavailableError
from domain.uploads import Uploads
from tests.submissions import submit
from tests.waiting import until
from workers.queue.leases import LEASE_SECONDS, Lease, Leases

Pool = ConnectionPool[psycopg.Connection[Any]]


@pytest.fixture
def leases(pool: Pool) -> Leases:
    return Leases(pool, "w")


def taken(leases: Leases) -> Lease:
    lease = leases.take(uuid4())
    assert lease is not None
    return lease


def let_expire(pool: Pool) -> None:
    """As if no beat had come for too long."""
    with pool.connection() as connection:
        connection.execute("UPDATE leases SET expires_at = clock_timestamp()")


def test_an_upload_is_held_by_one_run_and_not_by_another_of_the_same_process(leases: Leases) -> None:
    lease = taken(leases)

    assert leases.take(lease.upload_id) is None
    assert leases.is_held(lease.upload_id)
    assert leases.is_ours(lease)


def test_a_lease_that_was_given_back_can_be_taken_at_once(leases: Leases) -> None:
    lease = taken(leases)
    leases.give_back(lease)

    assert not leases.is_held(lease.upload_id)
    assert leases.take(lease.upload_id)


def test_an_expired_lease_that_no_run_took_is_still_ours(pool: Pool, leases: Leases) -> None:
    lease = taken(leases)
    let_expire(pool)
    assert not leases.is_held(lease.upload_id)

    assert leases.is_ours(lease)
    assert leases.is_held(lease.upload_id)


def test_a_worker_that_missed_the_database_takes_no_lease_before_all_could_be_moved_on(
    pool: Pool, leases: Leases, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease = taken(Leases(pool, "another worker"))
    let_expire(pool)
    missed = monotonic()
    with monkeypatch.context() as patch:
        patch.setattr("workers.queue.leases.connected", away)
        with pytest.raises(LogUnavailableError):
            leases.beat()
    assert leases.is_held(lease.upload_id)
    assert leases.take(lease.upload_id) is None
    assert leases.take(uuid4()), "an upload without a lease is free"

    monkeypatch.setattr("workers.queue.leases.monotonic", lambda: missed + LEASE_SECONDS + 5)
    assert not leases.is_held(lease.upload_id)
    assert leases.take(lease.upload_id)


def away(_: Pool) -> NoReturn:
    raise LogUnavailableError


def test_a_beat_moves_every_lease_on(pool: Pool, leases: Leases) -> None:
    held = [taken(leases) for _ in range(3)]
    let_expire(pool)
    leases.beat()

    assert all(leases.is_held(lease.upload_id) for lease in held)
    assert not any(lease.lost.is_set() for lease in held)


@pytest.mark.parametrize("thief", ["w", "another worker"])
def test_a_run_whose_upload_was_taken_finds_out_at_the_next_beat_and_takes_nothing_from_the_other(
    pool: Pool, leases: Leases, thief: str
) -> None:
    old, kept = taken(leases), taken(leases)
    let_expire(pool)
    leases.is_ours(kept)
    other = leases if thief == "w" else Leases(pool, thief)
    new = other.take(old.upload_id)
    assert new is not None
    leases.beat()
    leases.give_back(old)

    assert (old.lost.is_set(), new.lost.is_set(), kept.lost.is_set()) == (True, False, False)
    assert not leases.is_ours(old)
    assert other.is_ours(new)


def test_a_lease_is_kept_alive_for_all_runs_of_a_worker_together(
    pool: Pool, uploads: Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.queue.leases.BEAT_SECONDS", 0.05)
    first, second = submit(uploads), submit(uploads)
    leases = Leases(pool, "alive")
    assert leases.take(first.id)
    assert leases.take(second.id)
    with pool.connection() as connection:
        connection.execute("UPDATE leases SET expires_at = clock_timestamp() + interval '1 s'")
    stopping = threading.Event()
    thread = threading.Thread(target=leases.keep_alive, args=(stopping,), daemon=True)
    thread.start()
    until(lambda: shortest_lease(pool) > 5, "no beat moves them on")
    assert not Leases(pool, "other").take(first.id)
    stopping.set()
    thread.join(60)


def shortest_lease(pool: Pool) -> float:
    with pool.connection() as connection:
        row = connection.execute(
            "SELECT extract(epoch FROM min(expires_at) - clock_timestamp())::float FROM leases"
        ).fetchone()
    return float(row[0]) if row else 0.0
