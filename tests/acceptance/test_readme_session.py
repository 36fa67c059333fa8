"""The session in README.md is what the commands print, but for ids, times and names."""

import re
from pathlib import Path
from typing import Final

from tests.acceptance.service import Service, darkroom
from tests.house.the_house import blocks, section

MASKS: Final = {
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}": "JOB",
    r"http://127\.0\.0\.1:\d+": "URL",
    r"#sign-in=\S+": "#sign-in=CODE",
    r"its data is in \S+\.": "its data is in FOLDER.",
    r"session:[0-9a-f]+": "session:HASH",
    r"█+": " ",
    r"worker:\S+": "worker:NAME",
    r"\d{4}-\d\d-\d\d": "DAY",
    r"\d\d:\d\d:\d\d\.\d+": "TIME",
    r"\d+\.\d+ s": "SECONDS",
    r"Checked [\d,]+ uploads?, [\d,]+ events?, [\d,]+ objects?(?:, [\d,]+ rows? of the audit log)?": "Checked ALL",
    r"[━─┳┻╇┴┬┼╈ ]+": " ",
}


STAGE: Final = re.compile(r"(?:waiting|validating|generating|storing|watermarking|complete) [0-9]{1,3}%")
WITHIN: Final = re.compile(r"generating (?!30%)")
LOCAL: Final = re.compile(r"URL|FOLDER")


def masked(text: str) -> list[str]:
    """The lines, without what differs from run to run."""
    for pattern, name in MASKS.items():
        text = re.sub(pattern, name, text)
    return [line.strip() for line in text.strip().splitlines()]


def steps(timeline: str) -> list[str]:
    """The lines of a timeline, without the progress within a stage, which depends on the machine."""
    lines = [re.sub(r"^│ [0-9]+ │|[0-9]+ events", "NUMBER", line) for line in masked(timeline)]
    return [line for line in lines if not WITHIN.search(line)]


def test_the_session_is_what_is_printed(service: Service, photos: dict[str, Path], tmp_path: Path) -> None:
    start, block = blocks(section("A session"), "")
    submit, timeline, verify = (shown.partition("\n")[2] for shown in block.split("$ darkroom ")[1:])

    submitted = darkroom("submit", photos["coffee"], "--server", service.url, folder=tmp_path)
    printed = submitted.stderr + submitted.stdout  # the result's file alone goes to stdout
    job_id = re.findall(r"[0-9a-f-]{36}", printed)[0]
    wide = {"COLUMNS": "132"}
    told = darkroom("timeline", job_id, "--data", service.data, folder=tmp_path, **wide)
    verified = darkroom("verify", "--data", service.data, folder=tmp_path)

    lines, shown = masked(printed), masked(submit)
    assert [lines[0], *lines[-2:]] == [shown[0], *shown[-2:]]
    # Which stages a client sees depends on the machine; what a line of one looks like does not.
    assert [line for line in lines[1:-1] + shown[1:-1] if not STAGE.fullmatch(line)] == []
    assert {line for line in masked(start) if LOCAL.search(line)} <= {
        masked(line)[0] for line in service.output.splitlines()
    }
    assert steps(told.stdout) == steps(timeline)
    assert masked(verified.stdout) == masked(verify)
