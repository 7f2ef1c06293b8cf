"""Charts rendered by Helm, offline, in the environment that `make charts` makes."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

__all__ = ["CHARTS", "VERSIONS", "Case", "Rendered", "cases_of", "render"]

ROOT = Path(__file__).parents[2]
#: The folder of all charts.
CHARTS = ROOT / "deploy" / "helm"
#: Kubernetes' versions that charts must be right for.
VERSIONS = ("1.29", "1.30", "1.31", "1.32", "1.33", "1.34")
_HERE = Path(__file__).parent / "helm"
_LEAST = re.compile(r"^# Kubernetes: (1\.\d+)$", re.MULTILINE)


@dataclass(frozen=True)
class Case:
    """A chart with values: files in their order, then `set` over them."""

    chart: Path
    values: tuple[Path, ...] = ()
    set: Mapping[str, Any] = field(default_factory=dict)
    name: str = "mill"
    namespace: str = "docs"

    @property
    def versions(self) -> list[str]:
        """Those of Kubernetes that it is for; a file of values may say the least: `# Kubernetes: 1.33`."""
        least = [found[1] for path in self.values if (found := _LEAST.search(path.read_text()))]
        return [each for each in VERSIONS if all(int(each[2:]) >= int(one[2:]) for one in least)]

    def __str__(self) -> str:
        return " + ".join([self.chart.name, *(path.stem for path in self.values)])


@dataclass(frozen=True)
class Rendered:
    """What came of a case."""

    case: Case
    #: Why nothing was rendered: values that the schema refuses, or a template's error.
    error: str
    objects: tuple[dict[str, Any], ...]
    #: Fields that Kubernetes, KEDA or the Prometheus operator do not know or take, in any version.
    problems: tuple[str, ...]
    #: Warnings and errors of `helm lint --strict`.
    lint: tuple[str, ...]

    def one(self, kind: str, name: str = "") -> dict[str, Any]:
        """The only object of a kind, or the one whose name ends so; the test fails unless there is one."""
        [found] = (each for each in self.all(kind) if each["metadata"]["name"].endswith(name))
        return found

    def all(self, kind: str) -> list[dict[str, Any]]:
        """The objects of a kind."""
        return [each for each in self.objects if each["kind"] == kind]


def cases_of(chart: Path) -> list[Case]:
    """A chart by its own values, and with each further file of values that lies beside them.

    Files of `overrides/` describe one machine each, and those of `ci/` what no override switches on.
    """
    files = (*chart.glob("values-*.yaml"), *chart.glob("overrides/*.yaml"), *chart.glob("ci/*.yaml"))
    return [Case(chart), *(Case(chart, (path,)) for path in sorted(files))]


def render(cases: Sequence[Case], checked: bool = False) -> list[Rendered]:
    """Render all cases in one process; `checked` also holds them against schemas and `helm lint`."""
    home = Path(os.environ.get("DOCMILL_HOME", ROOT / ".docmill")) / "charts"
    python = home / "venv" / "bin" / "python"
    if not python.exists():
        pytest.fail(f"there is no {python}: `make charts` makes it")
    asked = {
        "checked": checked,
        "custom": str(home / "custom.json"),
        "cases": [
            {
                "chart": str(case.chart),
                "values": [str(path) for path in case.values],
                "set": case.set,
                "versions": case.versions,
                "name": case.name,
                "namespace": case.namespace,
            }
            for case in cases
        ],
    }
    done = subprocess.run(
        [python, str(_HERE / "render.py")],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.fail(f"rendering ended with {done.returncode}: {done.stderr[-3000:]}")
    return [
        Rendered(
            case=case,
            error=result["error"],
            objects=tuple(result["objects"]),
            problems=tuple(result["problems"]),
            lint=tuple(result["lint"]),
        )
        for case, result in zip(cases, json.loads(done.stdout), strict=True)
    ]
