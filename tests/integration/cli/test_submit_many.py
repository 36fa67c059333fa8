"""`darkroom submit` with several photos: which session they join, how many run at a time, and how it ends."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.fakes.darkroom import JOB_ID, PICTURE, REFUSED, RUN, TOKEN, FakeDarkroom, status
from tests.integration.cli.commands import command, one_line


def photos(number: int) -> list[str]:
    """So many photos here, by their names."""
    names = [f"{index:02}.jpg" for index in range(number)]
    for name in names:
        Path(name).write_bytes(name.encode())
    return names


def prints() -> list[str]:
    """What is saved here."""
    return sorted(path.name for path in Path().glob("*-darkroom*.jpg"))


def test_each_photo_is_saved_and_one_summary_ends_it(server: FakeDarkroom) -> None:
    result = command("submit", *photos(6), "--server", server.url)
    assert result.exit_code == 0, result.output
    *saved, summary = result.stdout.splitlines()
    assert sorted(saved) == [f"Saved {number:02}-darkroom.jpg" for number in range(6)]
    assert summary.startswith("6 of 6 photos completed, in ")
    assert prints() == [f"{number:02}-darkroom.jpg" for number in range(6)]


def test_all_photos_share_the_session_of_the_first_answer(server: FakeDarkroom) -> None:
    command("submit", *photos(6), "--server", server.url)
    sent = [headers.get("X-Session-Token") for headers, _ in server.asked("POST", "/api/uploads")]
    assert sent == [None, *[TOKEN] * 5]


def test_where_the_first_photo_is_refused_the_next_one_begins_the_session(server: FakeDarkroom) -> None:
    names = photos(4)
    Path(names[0]).write_bytes(REFUSED)
    command("submit", *names, "--at-once", "1", "--server", server.url)
    sent = [headers.get("X-Session-Token") for headers, _ in server.asked("POST", "/api/uploads")]
    assert sent == [None, None, TOKEN, TOKEN]


@pytest.mark.parametrize(("option", "most"), [([], 4), (["--at-once", "1"], 1), (["--at-once", "3"], 3)])
def test_no_more_are_under_way_than_at_once_says(option: list[str], most: int) -> None:
    with FakeDarkroom(*[RUN[2]] * 4, RUN[-1]) as server:
        result = command("submit", *photos(8), "--server", server.url, *option)
        assert result.exit_code == 0, result.output
        assert server.most_under_way <= most


def test_as_many_are_under_way_as_at_once_says() -> None:
    class EndsThreeTogether(FakeDarkroom):
        def answer(
            self, method: str, path: str, headers: Mapping[str, str], body: bytes
        ) -> tuple[int, dict[str, str], bytes]:
            if path.startswith("/api/status/") and len(self.asked("POST", "/api/uploads")) < 3:
                return 200, {}, json.dumps(RUN[2]).encode()
            return super().answer(method, path, headers, body)

    with EndsThreeTogether(RUN[-1]) as server:
        result = command("submit", *photos(3), "--server", server.url, "--at-once", "3")
    assert result.exit_code == 0, result.output


def test_a_refused_photo_stops_no_other_and_the_end_is_1(server: FakeDarkroom) -> None:
    names = photos(4)
    Path(names[1]).write_bytes(REFUSED)
    result = command("submit", *names, "--server", server.url)
    assert result.exit_code == 1
    assert f"{names[1]}: This is no photo." in result.stderr.splitlines()
    assert result.stdout.splitlines()[-1].startswith("3 of 4 photos completed, 1 failed, in ")
    assert len(prints()) == 3


def test_json_is_one_line_a_photo_and_nothing_else(server: FakeDarkroom) -> None:
    names = photos(3)
    Path(names[1]).write_bytes(REFUSED)
    result = command("submit", *names, "--server", server.url, "--json")
    lines = {line["photo"]: line for line in map(json.loads, result.stdout.splitlines())}
    assert set(lines) == set(names)
    assert lines[names[1]] == {
        "success": False,
        "error": {"code": "UNSUPPORTED_MEDIA_TYPE", "message": "This is no photo."},
        "photo": names[1],
    }
    for name in (names[0], names[2]):
        assert (lines[name]["status"], lines[name]["sessionToken"]) == ("completed", TOKEN)
        assert Path(lines[name]["savedTo"]).read_bytes() == PICTURE


def test_a_failed_job_stops_no_other() -> None:
    failed = status("failed", 30, errorCode="CONTENT_BLOCKED", errorMessage="The image model declined this photo.")
    with FakeDarkroom(*RUN) as server:
        server.statuses.clear()
        server.statuses.append(failed)  # of the first job alone
        result = command("submit", *photos(3), "--server", server.url, "--json")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 1
    assert {line["jobId"]: line["status"] for line in lines}[JOB_ID] == "failed"
    assert sorted(line["status"] for line in lines) == ["completed", "completed", "failed"]
    assert result.stderr.splitlines()[-1].startswith("2 of 3 photos completed, 1 failed, in ")


def test_photos_that_are_not_done_in_time_go_on_and_can_be_looked_at() -> None:
    with FakeDarkroom(RUN[2]) as server:
        result = command("submit", *photos(2), "--server", server.url, "--timeout", "0.5", "--json")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 1
    assert {(line["status"], line["success"], line["error"]["code"]) for line in lines} == {
        ("processing", False, "TIMEOUT")
    }
    for line in lines:
        assert f"  darkroom status {line['jobId']} --watch --server {server.url}" in result.stderr.splitlines()


def test_a_rate_limit_is_waited_out(server: FakeDarkroom) -> None:
    server.troubles += [(429, {"Retry-After": "1"}), (503, {"Retry-After": "0"})]
    result = command("submit", *photos(3), "--server", server.url)
    assert result.exit_code == 0, result.output
    assert "the server asks us to come back in 1 s" in result.stderr


def test_without_a_server_the_photos_that_were_not_begun_are_counted() -> None:
    result = command("submit", *photos(6), "--at-once", "1", "--server", "http://127.0.0.1:1")
    assert result.exit_code == 1
    assert "0 of 6 photos completed, 1 failed, 5 not sent, in " in result.stdout
    assert result.stderr.count("darkroom up") == 1


@pytest.mark.parametrize("number", ["0", "17", "x"])
def test_a_number_at_once_that_is_no_handful_is_wrong_usage(number: str) -> None:
    result = command("submit", "holiday.jpg", "--at-once", number)
    assert result.exit_code == 2
    assert "--at-once" in one_line(result.stderr)


def test_no_wait_ends_when_all_are_taken_in(server: FakeDarkroom) -> None:
    result = command("submit", *photos(2), "--no-wait", "--server", server.url)
    assert result.exit_code == 0, result.output
    *jobs, summary = result.stdout.splitlines()
    assert {line.split(" ")[1] for line in jobs} == {"00.jpg", "01.jpg"}
    assert JOB_ID in {line.split(" ")[0] for line in jobs}
    assert summary.startswith("2 of 2 photos taken in, in ")
    assert server.asked("GET", "/api/status/") == []


def test_no_wait_as_json_has_what_a_script_needs_to_go_on(server: FakeDarkroom) -> None:
    result = command("submit", "holiday.jpg", "--no-wait", "--json", "--server", server.url)
    assert json.loads(result.stdout) == {
        "success": True,
        "jobId": JOB_ID,
        "status": "pending",
        "statusUrl": f"{server.url}/api/status/{JOB_ID}",
        "sessionToken": TOKEN,
        "photo": "holiday.jpg",
    }


def test_no_wait_with_out_is_wrong_usage() -> None:
    result = command("submit", "holiday.jpg", "--no-wait", "--out", "print.jpg")
    assert result.exit_code == 2
    assert "Leave one of the two out." in one_line(result.stderr)
