"""The service as it runs on many machines: each process is one command, and all they share is in the environment."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import psycopg
import pytest
from PIL import Image

from app.storage.s3 import s3_client
from tests.acceptance.clients import Api, Job, Watch
from tests.acceptance.service import Running, answers, clean_environment, darkroom, free_port
from tests.fakes.gemini import FakeGemini
from tests.fakes.gemini_replies import hang
from tests.photos.variants import NAMES, photo
from tests.s3_server import BUCKET, S3Server, running_s3_server
from tests.servers import open_folder, running_postgres, running_valkey
from tests.waiting import until

STARTED = {"work": "worker.started", "project": "readers.started", "dispatch": "dispatcher.started"}


class Fleet(NamedTuple):
    """All processes of an installation, two of each kind but the API."""

    api: Api
    workers: list[Running]
    gemini: FakeGemini
    s3: S3Server
    folder: Path
    settings: dict[str, str]

    def run(self, *arguments: object) -> str:
        """What a command prints, which must end well."""
        done = darkroom(*arguments, folder=self.folder, **self.settings)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def timeline(self, job: Job) -> list[dict[str, Any]]:
        """The job's events: names and facts."""
        events: list[dict[str, Any]] = json.loads(self.run("timeline", job.id, "--json"))
        return [{"name": event["name"], **event["facts"]} for event in events]

    def worker_of(self, job: Job) -> str:
        """Who runs the job at last; its name holds its process id."""
        starts = [event for event in self.timeline(job) if event["name"] == "upload.attempt-started"]
        return str(starts[-1]["actor"])


@pytest.fixture(scope="module")
def fleet() -> Iterator[Fleet]:
    with (
        running_postgres() as postgres,
        running_valkey() as valkey,
        running_s3_server() as s3,
        FakeGemini() as gemini,
        open_folder() as folder,
    ):
        settings = {
            "DATABASE_URL": postgres.url,
            "REDIS_URL": valkey.url,
            "SECRET_KEYS": "a key of these tests that is long enough",
            "GEMINI_API_KEY": gemini.key,
            "GEMINI_BASE_URL": gemini.url,
            **s3.environ,
        }
        port = free_port()
        assert darkroom("migrate", folder=folder, **settings).returncode == 0
        with processes(folder, settings, port) as workers, Api(f"http://127.0.0.1:{port}") as api:
            yield Fleet(api, workers, gemini, s3, folder, settings)


@contextmanager
def processes(folder: Path, settings: dict[str, str], port: int) -> Iterator[list[Running]]:
    """Start them all, wait until each is at work, and stop each with SIGTERM; the workers among them."""
    environment = clean_environment(**settings)
    with ExitStack() as stack:

        def start(*arguments: object) -> Running:
            return stack.enter_context(Running(*arguments, folder=folder, environment=environment))

        readers = [(name, start(name)) for name in ("project", "project", "dispatch", "dispatch", "work", "work")]
        start("serve", "--port", port)
        for name, process in readers:
            until(partial(process.has_said, STARTED[name]), f"{name} does not start", 60)
        until(lambda: answers(f"http://127.0.0.1:{port}"), "the API does not start", 60)
        yield [process for name, process in readers if name == "work"]


def test_ten_photos_complete_while_a_worker_is_stopped_which_hands_over_what_it_cannot_finish(fleet: Fleet) -> None:
    fleet.gemini.answer_with(hang())
    hanging = fleet.api.submit(photo("coffee"))
    fleet.gemini.wait_for_calls(1, timeout=30)
    first = fleet.worker_of(hanging)
    with ThreadPoolExecutor(10) as executor:
        jobs = list(executor.map(lambda number: fleet.api.submit(photo(NAMES[number % 3])), range(10)))
    with Watch(fleet.api, hanging, *jobs) as watch:
        (stopped,) = [worker for worker in fleet.workers if f"-{worker.pid}-" in first]
        stopped.ask_to_stop()
        assert stopped.ended(30) == 0, stopped.output
        watch.until_complete()
    assert fleet.worker_of(hanging) != first
    assert [event["code"] for event in fleet.timeline(hanging) if "code" in event] == ["WORKER_STOPPED"]
    assert attempts_left(fleet, hanging) == 2
    assert len(fleet.gemini.calls) == 12
    assert fleet.run("verify").startswith("0 violations. Checked 11 uploads")


def test_the_objects_are_in_the_bucket_and_a_signed_link_opens_the_preview(fleet: Fleet) -> None:
    job = fleet.api.submit(photo("cat"))
    with Watch(fleet.api, job) as watch:
        watch.until_complete()
    kept = s3_client(fleet.s3.settings).list_objects_v2(Bucket=BUCKET, Prefix=job.id)["Contents"]
    names = [item["Key"].split("/")[1].split("-")[0] for item in kept]
    assert sorted(names) == ["clean.jpg", "full", "generated", "original", "preview"]
    assert Image.open(BytesIO(fleet.api.preview(job))).format == "JPEG"
    link = httpx.URL(fleet.api.preview_url(job))
    assert str(link).startswith(f"{fleet.settings['S3_ENDPOINT_URL']}/{BUCKET}/{job.id}/preview-")
    assert "X-Amz-Signature" in link.params
    assert httpx.get(link.copy_with(query=None), trust_env=False).status_code == httpx.codes.FORBIDDEN


def attempts_left(fleet: Fleet, job: Job) -> int:
    """How many more runs may begin; of three, the one that completed the job is used up."""
    with psycopg.connect(fleet.settings["DATABASE_URL"]) as connection:
        row = connection.execute("SELECT attempts_left FROM uploads WHERE upload_id = %s", (job.id,)).fetchone()
    assert row
    return int(row[0])
