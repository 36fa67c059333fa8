"""Prompts are formats for ever: an upload records the version that it was made with."""

import hashlib

from workers.steps.prompts import CURRENT, PROMPTS

DIGESTS = {1: "d307193bf807508ed32c54186dd5ed89a9c5e028ebda4b7f83b8c796e5916e72"}
"""Written when a version was first used. A better prompt adds a line here, and changes none."""


def test_no_prompt_was_changed_after_it_was_used() -> None:
    assert {version: hashlib.sha256(prompt.encode()).hexdigest() for version, prompt in PROMPTS.items()} == DIGESTS


def test_new_uploads_are_made_with_the_latest_prompt() -> None:
    assert max(PROMPTS) == CURRENT
