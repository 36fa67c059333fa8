"""The alert rules, as far as they can be judged without a scrape (see tests/integration/operations/test_metrics.py)."""

import re
from typing import Any, Final

import yaml  # type: ignore[import-untyped] # it ships no types

from domain.failures import FailureCode
from tests.house.the_house import ROOT, section

FILE: Final = ROOT / "app" / "metrics" / "alerts.yml"
RULES: Final[list[dict[str, Any]]] = [
    rule for group in yaml.safe_load(FILE.read_text())["groups"] for rule in group["rules"]
]


def test_every_alert_says_how_bad_it_is_and_what_has_happened() -> None:
    assert {rule["labels"]["severity"] for rule in RULES} == {"critical", "warning"}
    assert [rule["alert"] for rule in RULES if not rule["annotations"]["summary"]] == []
    assert len({rule["alert"] for rule in RULES}) == len(RULES)


def test_every_failure_code_in_a_rule_is_one() -> None:
    codes = {
        code for rule in RULES for found in re.findall(r'code=~"([^"]+)"', rule["expr"]) for code in found.split("|")
    }
    assert codes
    assert codes <= set(FailureCode)


def test_every_alert_has_a_paragraph_in_the_runbook() -> None:
    runbook = section("Runbook")
    assert [rule["alert"] for rule in RULES if f"### {rule['alert']}\n" not in runbook] == []
