"""Queries of Prometheus in charts: that they parse, and read metrics that somebody exports."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.charts.checks.objects import Obj, label_of

__all__ = ["Query", "check_metrics", "check_syntax", "metrics_in", "queries"]

_TEXT = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|`[^`]*`')
_LABELS = re.compile(r"\{[^{}]*\}")
_GROUPING = re.compile(r"\b(by|without|on|ignoring|group_left|group_right)\s*\([^()]*\)")
_RANGE = re.compile(r"\[[^\[\]]*\]")
_NAME = re.compile(r"(?<![\w:.])([A-Za-z_:][\w:]*)(?!\s*\()(?![\w:])")
_WORDS = frozenset(
    (
        "and",
        "or",
        "unless",
        "bool",
        "offset",
        "inf",
        "nan",
        "by",
        "without",
        "on",
        "ignoring",
        "group_left",
        "group_right",
    )
)


@dataclass(frozen=True)
class Query:
    """A query and where it stands."""

    where: str
    text: str


def queries(objects: Sequence[Obj]) -> Iterator[Query]:
    """Those of KEDA's triggers and of the rules."""
    for thing in objects:
        if thing["kind"] in ("ScaledObject", "ScaledJob"):
            for trigger in thing["spec"]["triggers"]:
                if trigger["type"] == "prometheus":
                    yield Query(label_of(thing), trigger["metadata"]["query"])
        elif thing["kind"] == "PrometheusRule":
            for group in thing["spec"]["groups"]:
                for rule in group["rules"]:
                    yield Query(f"{label_of(thing)} {rule.get('record') or rule['alert']}", str(rule["expr"]))


def metrics_in(query: str) -> set[str]:
    """The names of metrics that a query reads."""
    bare = _LABELS.sub("", _TEXT.sub('""', query))
    bare = _GROUPING.sub(" ", _RANGE.sub("", bare)).replace('""', "")
    return {name for name in _NAME.findall(bare) if name.lower() not in _WORDS}


def check_metrics(objects: Sequence[Obj], known: Collection[str]) -> Iterator[str]:
    """Metrics in queries that are not `known`."""
    for query in queries(objects):
        found = metrics_in(query.text)
        if not found:
            yield f"{query.where}: reads no metric: {query.text}"
        yield from (f"{query.where}: nobody exports {name}" for name in sorted(found - set(known)))


def check_syntax(objects: Sequence[Obj], promtool: str, folder: Path) -> Iterator[str]:
    """Queries that Prometheus' own parser refuses; `folder` is for a file that it reads."""
    rules = [{"record": f"q{number}", "expr": query.text} for number, query in enumerate(queries(objects))]
    if not rules:
        return
    file = folder / "queries.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": rules}]}))
    done = subprocess.run(
        [promtool, "check", "rules", str(file)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        yield done.stderr.strip()
