"""Two versions of the processes side by side, as a rolling deploy goes, and back again."""

import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from tests.acceptance.clients import Job
from tests.acceptance.fleet import Fleet
from tests.acceptance.service import darkroom
from tests.faults.newer_version import REFUSED, make_newer_version
from tests.photos.variants import NAMES, photo
from tests.waiting import until

ROLLOUT = ("project", "work", "dispatch", "serve")
"""The order of app/backup/README.md."""
GOOD, DULL = photo(NAMES[0]), photo(NAMES[1])


class TwoVersions(Fleet):
    """A fleet of this version, whose processes can be replaced by those of the next one, and back."""

    def __init__(self, newer: Path) -> None:
        super().__init__(*ROLLOUT)
        self._newer = {"PYTHONPATH": str(newer), REFUSED: sha256(DULL).hexdigest()}

    def replace(self, *names: str, newer: bool) -> None:
        """Stop each of these in good order, and start one of the other version in its place."""
        kept, self.settings = self.settings, {**self.settings, **(self._newer if newer else {})}
        try:
            for name in names:
                self.restart(self.all_of(name)[0])
        finally:
            self.settings = kept

    def run_newer(self, *arguments: object) -> str:
        """What a command of the next version prints, which must end well."""
        done = darkroom(*arguments, folder=self.folder, **{**self.settings, **self._newer})
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def answer(self, job: Job) -> dict[str, Any] | None:
        """What a client reads: where its job is, or None where it is to ask again. Nothing else may be answered."""
        response = self.api.poll(job)
        if response.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            assert int(response.headers["Retry-After"]) > 0
            return None
        assert response.status_code == httpx.codes.OK, response.text
        body: dict[str, Any] = response.json()
        return body

    def until_status(self, job: Job, status: str) -> dict[str, Any]:
        """Wait until it is so; what is answered then."""
        until(lambda: (self.answer(job) or {}).get("status") == status, f"{job.id} is not {status}")
        return self.answer(job) or {}

    def last_events(self, job: Job) -> list[str]:
        """The names of its last two events; its client asks meanwhile."""
        self.answer(job)
        with psycopg.connect(self.postgres.url) as connection:
            rows = connection.execute("SELECT name FROM event_log WHERE upload_id = %s ORDER BY version", (job.id,))
            return [name for (name,) in rows][-2:]

    def named_by_verify(self) -> set[str]:
        """The uploads that `darkroom verify` of this version finds something in. It comes to its end."""
        done = darkroom("verify", folder=self.folder, **self.settings)
        assert re.search(r"^\d+ violations\. Checked", done.stdout, re.MULTILINE), done.stdout + done.stderr
        return set(re.findall(r"upload ([0-9a-f-]{36})", done.stdout))

    def assert_unharmed(self) -> None:
        """Every process lives, is ready, and has met no error that it did not expect."""
        for name, process in self.running:
            assert not process.has_ended, f"{name}:\n{process.output}"
            assert "Traceback" not in process.output or "cannot be read" in process.output, process.output
        for path in ("/readyz", "/metrics"):
            answer = httpx.get(f"{self.api.url}{path}", timeout=8, trust_env=False)
            assert answer.status_code == httpx.codes.OK, answer.text


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[TwoVersions]:
    with TwoVersions(make_newer_version(tmp_path)) as fleet:
        yield fleet


def test_old_processes_go_on_beside_new_ones_in_either_direction(fleet: TwoVersions) -> None:
    before = fleet.api.submit(GOOD)
    fleet.until_status(before, "completed")
    fleet.run_newer("migrate")

    fleet.replace("work", newer=True)  # too early: a worker that writes what the old projector cannot read
    good, dull = fleet.api.submit(GOOD), fleet.api.submit(DULL)
    until(
        lambda: fleet.last_events(good) == ["upload.polished", "upload.stage-advanced"], "the good one is not polished"
    )
    until(lambda: fleet.last_events(dull)[-1] == "upload.failed", "the dull one is not refused")
    fleet.until_status(before, "completed")
    assert fleet.named_by_verify() == {good.id, dull.id}
    fleet.assert_unharmed()

    fleet.replace("project", newer=True)
    fleet.run_newer("project", "--retry-quarantined")
    for job in (good, dull):
        fleet.answer(job)
    fleet.assert_unharmed()

    fleet.replace("dispatch", "serve", newer=True)
    assert fleet.until_status(good, "completed")["progress"] == 100
    assert fleet.until_status(dull, "failed")["errorCode"] == "TOO_DULL"
    fleet.until_status(before, "completed")
    assert "0 violations. " in fleet.run_newer("verify")

    fleet.replace(*reversed(ROLLOUT), newer=False)
    after = fleet.api.submit(DULL)
    fleet.until_status(after, "completed")
    fleet.until_status(before, "completed")
    for job in (good, dull):
        fleet.answer(job)
    assert fleet.named_by_verify() == {good.id, dull.id}
    fleet.assert_unharmed()
