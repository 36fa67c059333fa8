"""`darkroom analytics backfill`: history is sent with its own times and ids, once, at a bounded rate."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner, Result

from app.cli import darkroom
from domain.stages import Stage
from projections.outside import backfill
from projections.outside.analytics import analytics
from projections.outside.backfill import open_backfill, send
from projections.outside.posthog import AnalyticsUnavailableError, PostHog
from tests.fakes.posthog import FakePostHog, Mood
from tests.lives import Lives


@pytest.fixture
def lives(database_url: str, tmp_path: Path) -> Iterator[Lives]:
    """A log with three completed uploads, a failed one, and one that waits."""
    with Lives(database_url, tmp_path) as lives:
        for _ in range(3):
            lives.complete()
        lives.failed(Stage.GENERATING)
        lives.submitted()
        yield lives


@pytest.fixture
def fake() -> Iterator[FakePostHog]:
    with FakePostHog() as fake:
        yield fake


def run(database_url: str, fake: FakePostHog, *options: str, key: str = "phc_test") -> Result:
    """The command."""
    env = {"DATABASE_URL": database_url, "POSTHOG_API_KEY": key, "POSTHOG_HOST": fake.url}
    return CliRunner().invoke(darkroom, ["analytics", "backfill", "--since", "0", *options], env=env)


def facts(fake: FakePostHog) -> list[tuple[object, ...]]:
    """What PostHog tells captures apart by, and what it shows of them, each once."""
    found = {(each["uuid"], each["event"], each["distinct_id"], each["timestamp"]) for each in fake.events}
    return sorted(found)


def test_it_sends_what_the_live_reader_would_have_sent(lives: Lives, database_url: str, fake: FakePostHog) -> None:
    done = run(database_url, fake, "--rate", "1000")
    sent = facts(fake)
    analytics(lives.log, lives.pool, PostHog("phc_test", fake.url)).catch_up()

    assert done.exit_code == 0, done.output
    assert "Sent 3 status_complete and 1 status_failed, from " in done.stdout
    assert facts(fake) == sent
    assert len(sent) == 4


@pytest.mark.usefixtures("lives")
def test_a_dry_run_counts_and_needs_no_key(database_url: str, fake: FakePostHog) -> None:
    done = run(database_url, fake, "--dry-run", key="")

    assert "Would send 3 status_complete and 1 status_failed, from " in done.stdout
    assert fake.events == []
    assert run(database_url, fake, key="").exit_code == 2


@pytest.mark.usefixtures("lives")
def test_what_was_sent_is_sent_again_only_when_asked(database_url: str, fake: FakePostHog) -> None:
    run(database_url, fake, "--rate", "1000")
    done = run(database_url, fake)
    assert "was sent already" in done.stdout
    assert len(fake.events) == 4
    run(database_url, fake, "--rate", "1000", "--again")

    assert len(fake.events) == 8
    assert len(facts(fake)) == 4


def test_where_posthog_is_away_it_ends_and_goes_on_later(
    lives: Lives, database_url: str, fake: FakePostHog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backfill, "PAUSES", (0.01,))
    monkeypatch.setattr(backfill, "PAGE", 10)
    with pytest.raises(AnalyticsUnavailableError):
        send(lives.log, lives.pool, Breaking(fake), open_backfill(lives.log, lives.pool, 0), rate=1000)
    before = len(fake.events)
    assert before == 1
    assert 0 < open_backfill(lives.log, lives.pool, 0).position < lives.log.last_position()
    fake.mood = Mood.AWAY
    assert "Run the same command again" in run(database_url, fake).stderr
    fake.mood = Mood.WELL
    assert run(database_url, fake, "--rate", "1000").exit_code == 0

    assert len(facts(fake)) == 4
    assert len(fake.events) == 4, "what came before the break is not sent again"


def test_a_slow_one_goes_on_behind_the_last_batch_that_was_taken(
    lives: Lives, database_url: str, fake: FakePostHog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backfill, "time", SimpleNamespace(sleep=lambda _: None, monotonic=lambda: 0.0))
    with pytest.raises(AnalyticsUnavailableError):
        send(lives.log, lives.pool, Breaking(fake), open_backfill(lives.log, lives.pool, 0), rate=2)
    assert len(fake.events) == 2
    fake.mood = Mood.WELL
    assert "Sent 1 status_complete and 1 status_failed, from " in run(database_url, fake).stdout

    assert len(fake.events) == len(facts(fake)) == 4


class Breaking(PostHog):
    """Delivers once, and then no more."""

    def __init__(self, fake: FakePostHog) -> None:
        super().__init__("phc_test", fake.url)
        self._fake = fake

    def deliver(self, captures: object) -> None:
        """Send, and break."""
        super().deliver(captures)  # type: ignore[arg-type] # the captures as they are
        self._fake.mood = Mood.AWAY


def test_the_rate_is_bounded(lives: Lives, fake: FakePostHog, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(backfill, "time", SimpleNamespace(sleep=slept.append, monotonic=lambda: 0.0))
    send(lives.log, lives.pool, PostHog("phc_test", fake.url), open_backfill(lives.log, lives.pool, 0), rate=2)

    assert slept == [1.0, 1.0]
