"""Whoever is woken finds what to do."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
RUNBOOK = ROOT / "docs" / "runbook.md"


def test_every_alert_has_a_paragraph_and_every_paragraph_an_alert() -> None:
    groups = yaml.safe_load((ROOT / "deploy/monitoring/rules/alerts.yml").read_text())["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    headings = {heading.lower() for heading in re.findall(r"^### (\w+)$", RUNBOOK.read_text(), re.MULTILINE)}
    named = set()
    for rule in rules:
        page, _, anchor = rule["annotations"]["runbook"].partition("#")
        assert page == "docs/runbook.md"
        assert anchor in headings, rule["alert"]
        assert rule["labels"]["severity"] in ("page", "ticket")
        named.add(anchor)
    assert named == headings
