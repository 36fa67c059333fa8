"""A timeline in words: what a failure means, what comes next, and where the log and the trace are."""

import re
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest

from app.api.support.timeline.words import WORDS
from domain.failures import FailureCode
from domain.stages import Stage
from tests.house.the_house import ROOT
from tests.integration.api.service import running_service
from tests.integration.support.desk import Desk
from tests.lives import Lives

HEADINGS = set(re.findall(r"^### (\w+)$", (ROOT / "app/metrics/README.md").read_text(), re.MULTILINE))


@pytest.mark.parametrize("code", FailureCode)
def test_every_failure_has_its_words_and_an_entry_of_the_runbook_exists(code: FailureCode) -> None:
    words = WORDS[code]
    assert words.happened.endswith(".")
    assert words.advice.endswith(".")
    assert words.runbook is None or words.runbook in HEADINGS


def test_a_failed_upload_is_told_in_words(desk: Desk) -> None:
    upload_id = desk.lives.failed(Stage.GENERATING, FailureCode.GENERATION_UNAVAILABLE)
    failure = desk.timeline(upload_id)["failure"]
    words = WORDS[FailureCode.GENERATION_UNAVAILABLE]
    assert (failure["happened"], failure["advice"], failure["runbook"]) == words
    assert failure["runbook"] == "DarkroomImageModelDown"


def held(lives: Lives) -> UUID:
    upload_id = lives.reached(Stage.GENERATING)
    lives.execute("INSERT INTO leases VALUES (%s, 'w1', clock_timestamp() + interval '9 s')", upload_id)
    return upload_id


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda lives: lives.submitted(), "Attempt 1 begins as soon as a worker is free."),
        (held, "The worker w1 goes on with it."),
        (lambda lives: lives.reached(Stage.GENERATING), "Its worker is gone. Attempt 2 begins by itself"),
        (lambda lives: lives.backing_off(), "Attempt 2 begins by itself after 20"),
        (lambda lives: lives.complete(), "Nothing: it is complete."),
        (lambda lives: lives.failed(Stage.GENERATING), "Nothing by itself: it has failed. A retry goes on"),
        (lambda lives: lives.failed(Stage.GENERATING, FailureCode.CONTENT_BLOCKED), "only another photo can help."),
    ],
)
def test_what_comes_next_is_told(desk: Desk, make: Callable[[Lives], UUID], told: str) -> None:
    assert told in desk.timeline(make(desk.lives))["next"]


def test_the_log_and_the_trace_are_linked_as_the_settings_say(database_url: str, tmp_path: Path) -> None:
    with running_service(
        database_url,
        tmp_path,
        log_url_template="https://logs.example.com/?q={correlation_id}",
        trace_url_template="https://traces.example.com/trace/{trace_id}",
    ) as service:
        desk = Desk.of(service)
        upload_id = desk.lives.submitted()
        body = desk.timeline(upload_id)
    assert body["links"] == {
        "log": f"https://logs.example.com/?q={body['correlationId']}",
        "trace": f"https://traces.example.com/trace/{upload_id.hex}",
    }


def test_without_templates_there_are_no_links(desk: Desk) -> None:
    assert desk.timeline(desk.lives.submitted())["links"] == {"log": None, "trace": None}
