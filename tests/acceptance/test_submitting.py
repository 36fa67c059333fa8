"""A photo goes in and comes out: `darkroom submit`, many photos at once, and a rebuild beneath them."""

import io
import json
import os
import pty
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Event

import pytest
from PIL import Image

from tests.acceptance.clients import Api, Watch
from tests.acceptance.conftest import Connected
from tests.acceptance.service import DARKROOM, Service, clean_environment
from tests.fakes.gemini_replies import picture, when
from tests.photos.variants import NAMES, photo


def picture_of(file: bytes) -> Image.Image:
    """A JPEG, decoded whole."""
    image = Image.open(io.BytesIO(file))
    assert image.format == "JPEG"
    image.load()
    return image


def run_on_a_terminal(*arguments: object, shows: str, told: Event) -> tuple[subprocess.CompletedProcess[bytes], str]:
    """Run a command whose stderr is a terminal; what that showed. As soon as it shows that text, `told` is set."""
    ours, theirs = pty.openpty()
    with ThreadPoolExecutor(1) as executor:
        shown = executor.submit(read_to_the_end, ours, shows.encode(), told)
        try:
            done = subprocess.run(
                [DARKROOM, *map(str, arguments)],
                env=clean_environment(TERM="xterm-256color", COLUMNS="100"),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=theirs,
                timeout=100,
                check=False,
            )
        finally:
            os.close(theirs)
        text = shown.result()
    os.close(ours)
    return done, text


def read_to_the_end(terminal: int, awaited: bytes, told: Event) -> str:
    """What comes from a terminal until its other end is closed. As soon as that text has come, `told` is set."""
    said = b""
    with suppress(OSError):  # how Linux tells of that end
        while chunk := os.read(terminal, 4096):
            said += chunk
            if awaited in said:
                told.set()
    return said.decode()


@pytest.fixture(scope="module")
def submitted(service: Service) -> dict[str, subprocess.CompletedProcess[str]]:
    """What became of each photograph, submitted by a command that names neither a server nor a file to save to.

    The commands run at the same time, in the folder that holds the service's data.
    """
    (service.folder / "darkroom-data").symlink_to(service.data)
    for name in NAMES:
        (service.folder / f"{name}.jpg").write_bytes(photo(name))
    with ThreadPoolExecutor(len(NAMES)) as executor:
        done = executor.map(lambda name: service.run("submit", f"{name}.jpg", "--json"), NAMES)
        return dict(zip(NAMES, done, strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_a_submitted_photo_comes_back_as_a_preview_of_its_own_proportions(
    service: Service, submitted: dict[str, subprocess.CompletedProcess[str]], name: str
) -> None:
    assert submitted[name].returncode == 0, submitted[name].stderr
    original, preview = picture_of(photo(name)), picture_of((service.folder / f"{name}-darkroom.jpg").read_bytes())
    # A print has a border, of the same width on all four sides.
    assert preview.width / preview.height == pytest.approx(original.width / original.height, rel=0.08)


@pytest.mark.parametrize("name", NAMES)
def test_the_final_status_is_printed_for_machines_and_nothing_else(
    submitted: dict[str, subprocess.CompletedProcess[str]], name: str
) -> None:
    status = json.loads(submitted[name].stdout)
    assert (status["status"], status["stage"], status["progress"]) == ("completed", "complete", 100)
    assert status["resultId"]
    assert status["savedTo"] == f"{name}-darkroom.jpg"


def test_a_folder_of_photos_is_one_session_and_its_jobs_are_found_by_the_beginning_of_their_ids(
    service: Service, photos: dict[str, Path], tmp_path: Path
) -> None:
    folder, prints = tmp_path / "pictures", tmp_path / "prints"
    folder.mkdir()
    for file in photos.values():
        file.rename(folder / file.name)
    (folder / "notes.txt").write_text("no photo")
    there = ("--server", service.url)
    done = service.run("submit", folder, "--json", "--out", prints, *there)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert {Path(line["photo"]).stem for line in lines} == set(NAMES)
    assert len({line["sessionToken"] for line in lines}) == 1
    assert sorted(path.name for path in prints.iterdir()) == sorted(f"{name}-darkroom.jpg" for name in NAMES)
    for line in lines:
        beginning = line["jobId"][:13]
        assert service.run("status", beginning, *there).stdout.startswith("completed: complete 100%")
        assert service.run("cancel", beginning, *there).returncode == 1
    saved = service.run("result", lines[0]["jobId"][:13], "-o", tmp_path / "again.jpg", *there)
    assert saved.stdout == f"Saved {tmp_path / 'again.jpg'}\n"
    assert (tmp_path / "again.jpg").read_bytes() == Path(lines[0]["savedTo"]).read_bytes()


def test_on_a_terminal_a_bar_names_the_stages(connected: Connected, photos: dict[str, Path], tmp_path: Path) -> None:
    seen, out = Event(), tmp_path / "print.jpg"
    connected.gemini.answer_with(when(seen, picture()))
    command = ("submit", photos["coffee"], "--server", connected.service.url, "--out", out)
    done, shown = run_on_a_terminal(*command, shows="generating", told=seen)
    assert done.returncode == 0, shown
    assert done.stdout == f"Saved {out}\n".encode()
    for part in ("waiting", "generating", "complete", "━", "100%"):
        assert part in shown


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "Missing argument 'PHOTO...'"),
        (("nowhere.jpg",), "'nowhere.jpg' does not exist"),
        (("{photo}", "--server", "not an address"), "is no address of a server"),
        (("{photo}", "--out", "no/such/folder.jpg"), "does not exist. Make it first"),
        (("{photo}", "--frobnicate"), "No such option"),
    ],
)
def test_wrong_usage_ends_the_command_with_2(
    service: Service, photos: dict[str, Path], arguments: tuple[str, ...], says: str
) -> None:
    done = service.run("submit", *(argument.format(photo=photos["cat"]) for argument in arguments))
    assert done.returncode == 2
    assert says in " ".join(done.stderr.replace("│", " ").split())
    assert done.stdout == ""


def test_ten_photos_submitted_at_once_complete_and_no_poller_ever_reads_a_step_back(service: Service, api: Api) -> None:
    with ThreadPoolExecutor(10) as executor:
        jobs = list(executor.map(lambda number: api.submit(photo(NAMES[number % 3])), range(10)))
    assert len({job.id for job in jobs}) == 10
    with Watch(api, *jobs) as watch:
        watch.until_complete()
    assert all(poller.refusals == 0 for poller in watch.pollers)
    assert {"validating", "generating", "complete"} <= {stage for one in watch.pollers for stage in one.stages if stage}
    service.assert_verified()


def test_a_rebuild_while_it_runs_ends_in_the_same_rows(service: Service, api: Api) -> None:
    finished = [api.submit(photo(name)) for name in NAMES]
    with Watch(api, *finished) as watch:
        watch.until_complete()
    before = [api.status(job) for job in finished]
    running = [api.submit(photo(name)) for name in NAMES]
    with Watch(api, *finished, *running) as watch:
        done = service.run("project", "--rebuild", "--data", service.data)
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("Rebuilt the read model from ")
        watch.until_complete()
    assert [api.status(job) for job in finished] == before
    service.assert_verified()
