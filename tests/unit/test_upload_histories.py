"""Random histories of commands: no sequence may break an invariant, and a replay gives the same state."""

from collections.abc import Callable
from datetime import datetime
from itertools import pairwise
from typing import ParamSpec
from uuid import UUID

from hypothesis import event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from msgspec.structs import replace

from domain.errors import RefusedError
from domain.events import AttemptStarted, Erased, Event, Expired, Failed, Noted, Retried
from domain.failures import FailureCode
from domain.fold import fold
from domain.objects import Expiry
from domain.staff import StaffRequest
from domain.stages import BANDS, PIPELINE, Stage, Status, rank
from domain.state import ATTEMPTS
from domain.upload import Upload
from tests.unit.histories import FULL, LATER, PREVIEW, RESULT_ID, submitted

P = ParamSpec("P")
STAGES = st.sampled_from([None, *Stage])
CODES = st.sampled_from(FailureCode)
TIMES = st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2040, 1, 1)).map(  # noqa: DTZ001 - made aware below
    lambda naive: naive.replace(tzinfo=LATER.tzinfo)
)


class Histories(RuleBasedStateMachine):
    """Sends any command at any time, often with the attempt or the stage of another run."""

    def __init__(self) -> None:
        super().__init__()
        self.history = submitted()
        self.before = self.history.upload

    def attempted(self, command: Callable[P, Event | None], *arguments: P.args, **keywords: P.kwargs) -> None:
        self.before = self.history.upload
        try:
            answer = command(*arguments, **keywords)
        except RefusedError as error:
            event(f"refused: {type(error).__name__}")
            return
        event(f"appended: {type(answer).__name__}")
        self.history.then(answer)

    @property
    def upload(self) -> Upload:
        return self.history.upload

    @rule()
    def start(self) -> None:
        self.attempted(self.upload.start_attempt, by="worker:a")

    @rule(stage=st.sampled_from(Stage), progress=st.integers(-5, 110), late=st.booleans())
    def advance_anyhow(self, stage: Stage, progress: int, *, late: bool) -> None:
        self.attempted(self.upload.advance, stage, progress, attempt=self.upload.attempt - late, by="worker:a")

    @rule(steps=st.integers(1, 5), data=st.data())
    def advance_well(self, steps: int, data: st.DataObject) -> None:
        for _ in range(steps):
            stage = PIPELINE[min(rank(self.upload.reached), len(PIPELINE) - 1)]
            progress = data.draw(st.sampled_from(BANDS[stage]))
            self.attempted(self.upload.advance, stage, progress, attempt=self.upload.attempt, by="worker:a")

    @rule(result_id=st.uuids(version=4), late=st.booleans())
    def store_result(self, result_id: UUID, *, late: bool) -> None:
        attempt = self.upload.attempt - late
        self.attempted(self.upload.store_result, result_id, "local/x", FULL, attempt=attempt, by="worker:a")

    @rule()
    def store_result_and_preview(self) -> None:
        attempt = self.upload.attempt
        self.attempted(self.upload.store_result, RESULT_ID, "local/x", FULL, attempt=attempt, by="worker:a")
        self.attempted(self.upload.store_preview, PREVIEW, attempt=attempt, by="worker:a")

    @rule(code=CODES, retry_at=TIMES, stage=STAGES, late=st.booleans())
    def fail_attempt(self, code: FailureCode, retry_at: datetime, stage: Stage | None, *, late: bool) -> None:
        attempt = self.upload.attempt - late
        self.attempted(self.upload.fail_attempt, code, retry_at, stage=stage, attempt=attempt, by="worker:a")

    @rule(code=CODES, retry_at=TIMES)
    def put_off(self, code: FailureCode, retry_at: datetime) -> None:
        self.attempted(self.upload.put_off, code, retry_at, by="worker:a")

    @rule(code=CODES, stage=STAGES)
    def fail(self, code: FailureCode, stage: Stage | None) -> None:
        self.attempted(self.upload.fail, code, stage=stage, attempt=self.upload.attempt, by="worker:a")

    @rule()
    def give_up(self) -> None:
        self.attempted(self.upload.give_up, by="reconciler")

    @rule()
    def cancel(self) -> None:
        self.attempted(self.upload.cancel, by="session:abc")

    @rule()
    def retry(self) -> None:
        self.attempted(self.upload.retry, by="session:abc")

    @rule()
    def requeue(self) -> None:
        self.attempted(self.upload.requeue, by="staff:erika")

    @rule(objects=st.sampled_from(Expiry), late=st.booleans(), well=st.integers(0, 4))
    def expire(self, objects: Expiry, *, late: bool, well: int) -> None:
        if not well:
            self.attempted(self.upload.expire, objects, version=self.upload.version - late, by="reconciler")

    @rule()
    def note(self) -> None:
        self.attempted(self.upload.note, by="staff:erika", request=StaffRequest("It is known."))

    @rule(well=st.integers(0, 9))
    def erase(self, well: int) -> None:
        if not well:  # seldom, since nothing can follow
            self.attempted(self.upload.erase, by="staff:erika")

    @invariant()
    def progress_never_falls(self) -> None:
        assert self.upload.progress >= self.before.progress

    @invariant()
    def no_stage_goes_back(self) -> None:
        assert rank(self.upload.reached) >= rank(self.before.reached)

    @invariant()
    def progress_lies_in_its_band(self) -> None:
        reached = self.upload.reached
        assert self.upload.progress in (BANDS[reached] if reached else (0,))

    @invariant()
    def complete_means_a_stored_result_with_its_preview(self) -> None:
        if self.upload.status is Status.COMPLETED and not self.upload.erased:
            assert self.upload.result
            assert self.upload.result.preview
            assert not self.upload.running

    @invariant()
    def complete_is_final_and_so_is_an_erasure(self) -> None:
        if self.before.erased or (self.before.status is Status.COMPLETED and not self.upload.erased):
            last = {"version": self.upload.version, "expired": self.upload.expired}
            assert self.upload == replace(self.before, **last)
            assert not self.before.erased or self.upload == self.before

    @invariant()
    def only_a_retry_an_expiry_or_an_erasure_follows_a_failure(self) -> None:
        events = [event for event in self.history.events if not isinstance(event, Noted)]
        for failed, following in pairwise(events):
            assert not isinstance(failed, Failed) or isinstance(following, Retried | Expired | Erased)
            assert not isinstance(failed, Expired) or isinstance(following, Expired | Erased)

    @invariant()
    def no_more_attempts_begin_than_are_allowed(self) -> None:
        assert 0 <= self.upload.attempts_left <= ATTEMPTS
        assert 0 <= self.upload.lost < self.upload.losses + 1 <= ATTEMPTS + 1
        assert self.upload.attempt == sum(isinstance(past, AttemptStarted) for past in self.history.events)

    @invariant()
    def a_replay_gives_the_same_state(self) -> None:
        events: list[Event] = self.history.events
        assert fold(None, events) == self.upload
        assert [past.originator_version for past in events] == list(range(1, len(events) + 1))


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=60, stateful_step_count=40, deadline=None, database=None)
