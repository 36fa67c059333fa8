"""A backup of a running service is restored elsewhere, and its clients go on with the same tokens."""

import json
from pathlib import Path

import pytest

from tests.acceptance.clients import Api, Watch
from tests.acceptance.service import Service, darkroom, running
from tests.photos.variants import stamp
from tests.servers import open_folder
from tests.waiting import until


def test_a_backup_restores_elsewhere_and_every_client_goes_on_with_its_token() -> None:
    with running() as service, Api(service.url) as api, open_folder() as elsewhere:
        complete = api.submit(stamp())
        with Watch(api, complete) as watch:
            watch.until_complete()
        picture = api.preview(complete)
        running_jobs = [api.submit(stamp()) for _ in range(3)]
        head = service.run("events", "head", "--json", "--data", service.data).stdout
        (elsewhere / "head.json").write_text(head)
        backup = elsewhere / "backup"
        done = service.run("backup", backup, "--data", service.data)
        assert done.returncode == 0, done.stdout + done.stderr
        assert backup.stat().st_mode & 0o777 == 0o700
        for key in ("secret-keys", "head-key"):
            assert (backup / key).stat().st_mode & 0o777 == 0o600
        facts = json.loads((backup / "manifest.json").read_text())

        restored = restore(backup, elsewhere)

        with Service(elsewhere, {}).wait_until_ready() as other, Api(other.url) as there:
            assert (facts["uploads"], facts["events"] >= 10, facts["objects"] >= 4) == (4, True, True)
            assert f"Restored {facts['uploads']} uploads" in restored
            assert there.preview(complete) == picture
            for job in running_jobs:
                until(lambda job=job: there.status(job)["isTerminal"], f"{job.id} does not end:\n{other.output}")  # type: ignore[misc] # mypy knows no default of a lambda
                assert there.status(job)["status"] == "completed"
            rebuilt = other.run("project", "--rebuild", "--data", other.data)
            assert rebuilt.returncode == 0, rebuilt.stderr
            other.assert_verified()
            proven = other.run("verify", "--head", elsewhere / "head.json", "--data", other.data)
            assert proven.returncode == 0, proven.stdout + proven.stderr
            signed = other.run("events", "head", "--json", "--data", other.data).stdout
            assert json.loads(signed)["publicKey"] == json.loads(head)["publicKey"]
        (backup / "secret-keys").unlink()
        without = darkroom("restore", backup, "--data", elsewhere / "without", folder=elsewhere)
        assert (without.returncode, without.stdout.startswith("Restored 4 uploads")) == (0, True), without.stderr
        assert "Set SECRET_KEYS to them before you start it" in without.stderr


def test_nothing_is_overwritten_and_half_a_backup_is_refused(tmp_path: Path) -> None:
    used = tmp_path / "used"
    (used / "objects").mkdir(parents=True)
    half = tmp_path / "half"
    half.mkdir()
    (half / "database.dump").touch()

    interrupted = darkroom("restore", half, "--data", tmp_path / "new", folder=tmp_path)
    (half / "manifest.json").write_text(
        '{"version":"0","takenAt":"2026-01-01T00:00:00Z","position":0,"uploads":0,"events":0,"objects":0,"bytes":0}'
    )
    into_a_used_one = darkroom("restore", half, "--data", used, folder=tmp_path)

    assert interrupted.returncode == 1
    assert "is no complete backup" in interrupted.stderr
    assert into_a_used_one.returncode == 1
    assert f"{used} is in use: it has objects" in into_a_used_one.stderr


@pytest.mark.parametrize("found", ["objects/ab/photo", "database.dump"])
def test_a_backup_that_lost_files_is_refused_before_anything_is_made(found: str, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    (copy / "objects" / "ab").mkdir(parents=True)
    (copy / found).write_bytes(b"photo")
    (copy / "manifest.json").write_text(
        '{"version":"0","takenAt":"2026-01-01T00:00:00Z","position":1,"uploads":1,"events":1,"objects":1,"bytes":5}'
    )

    done = darkroom("restore", copy, "--data", tmp_path / "new", folder=tmp_path)

    assert done.returncode == 1
    assert f"{copy} has lost files" in done.stderr
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("command", ["backup", "restore"])
def test_a_wrong_folder_is_refused_with_what_to_do(command: str, tmp_path: Path) -> None:
    (tmp_path / "something").touch()

    done = darkroom(command, tmp_path if command == "backup" else tmp_path / "absent", folder=tmp_path)

    assert done.returncode == 2
    assert done.stderr.strip()


def restore(backup: Path, folder: Path) -> str:
    """Restore into the folder that a service of this folder uses; what was printed."""
    done = darkroom("restore", backup, "--data", folder / "data", folder=folder)
    assert (done.returncode, "SECRET_KEYS" in done.stderr) == (0, False), done.stdout + done.stderr
    return done.stdout
