"""The session in README.md is what the commands print, but for ids, times and names."""

import re
from pathlib import Path
from typing import Final

from tests.acceptance.service import Service, darkroom
from tests.house.the_house import blocks, section

MASKS: Final = {
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}": "JOB",
    r"session token \S+": "session token TOKEN",
    r"session:[0-9a-f]+": "session:HASH",
    r"worker:\S+": "worker:NAME",
    r"\d{4}-\d\d-\d\d": "DAY",
    r"\d\d:\d\d:\d\d\.\d+": "TIME",
    r"\d+\.\d+ s": "SECONDS",
    r"Checked [\d,]+ uploads, [\d,]+ events, [\d,]+ objects": "Checked ALL",
    r"[━─┳┻╇┴┬┼╈ ]+": " ",
}


def masked(text: str) -> list[str]:
    """The lines, without what differs from run to run."""
    for pattern, name in MASKS.items():
        text = re.sub(pattern, name, text)
    return [line.strip() for line in text.strip().splitlines()]


def test_the_session_is_what_is_printed(service: Service, photos: dict[str, Path], tmp_path: Path) -> None:
    (block,) = [block for block in blocks(section("A session"), "") if "$ darkroom submit" in block]
    submit, timeline, verify = (shown.partition("\n")[2] for shown in block.split("$ darkroom ")[1:])

    submitted = darkroom("submit", photos["coffee"], "--server", service.url, folder=tmp_path)
    printed = submitted.stderr + submitted.stdout  # the result's file alone goes to stdout
    job_id = re.findall(r"[0-9a-f-]{36}", printed)[0]
    wide = {"COLUMNS": "132"}
    told = darkroom("timeline", job_id, "--data", service.data, folder=tmp_path, **wide)
    verified = darkroom("verify", "--data", service.data, folder=tmp_path)

    lines = masked(printed)
    assert [lines[0], *lines[-2:]] == [masked(submit)[0], *masked(submit)[-2:]]
    assert masked(told.stdout) == masked(timeline)
    assert masked(verified.stdout) == masked(verify)
