"""Render charts with Helm and hold what comes out against schemas: cases as JSON in, results as JSON out.

Run in the environment of `deploy/helm/requirements.lock`, which has Helm as a library. No cluster and
no network is asked: a dependency of a chart is the folder that its `file://` repository names.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import helm_python as helm
import yaml
from custom_by_hand import BY_HAND, pod_templates
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

__all__ = ["main"]

#: Severity of a message of `helm lint`: 1 informs, 2 warns, 3 is an error.
_WARNING = 2


def _merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Values as `helm --values below --values above` joins them: objects by key, all else replaced."""
    joined = dict(below)
    for key, value in above.items():
        old = joined.get(key)
        joined[key] = _merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return joined


def _whole(chart: Path, folder: Path) -> Path:
    """A copy of the chart with its dependencies in it, as `helm dependency build` leaves it."""
    copy = folder / chart.name
    if copy.exists():
        return copy
    shutil.copytree(chart, copy)
    for needed in yaml.safe_load((chart / "Chart.yaml").read_text()).get("dependencies", ()):
        kind, _, path = needed.get("repository", "").partition("://")
        if kind == "file":
            inner = _whole((chart / path).resolve(), folder / f"{chart.name}-needs")
            shutil.copytree(inner, copy / "charts" / needed["name"], dirs_exist_ok=True)
    return copy


class _Schemas:
    """The strict schemas of Kubernetes' versions, and those of custom resources, as validators."""

    def __init__(self, custom: Path) -> None:
        self._custom: dict[str, Any] = json.loads(custom.read_text()) | dict(BY_HAND)
        self._seen: dict[str, list[str]] = {}

    def problems(self, thing: dict[str, Any], versions: list[str]) -> list[str]:
        """What is wrong with an object, in any of the versions."""
        text = json.dumps([thing, versions], sort_keys=True)
        if text not in self._seen:
            self._seen[text] = list(self._look(thing, versions))
        return self._seen[text]

    def _look(self, thing: dict[str, Any], versions: list[str]) -> Iterator[str]:
        api, kind = str(thing.get("apiVersion")), str(thing.get("kind"))
        name = f"{kind}/{thing.get('metadata', {}).get('name')}"
        if schema := self._custom.get(f"{api}/{kind}"):
            wrong = list(_errors(name, api, Draft202012Validator(schema), thing))
            yield from wrong
            for template in () if wrong else pod_templates(thing):
                yield from self._look(template, versions)
            return
        for version in versions:
            validator = _validator(version, api, kind)
            if validator is None:
                yield f"{name}: Kubernetes {version} has no {api} {kind}, and there is no schema of another's"
            else:
                yield from _errors(name, version, validator, thing)


def _errors(name: str, version: str, validator: Any, thing: dict[str, Any]) -> Iterator[str]:
    for error in validator.iter_errors(thing):
        yield f"{name} ({version}): {'.'.join(map(str, error.absolute_path))}: {error.message[:300]}"


def _contents(version: str, file: str) -> Any:
    folder = resources.files("kubernetes_validate") / "kubernetes-json-schema" / f"v{version}.0-local-strict"
    return json.loads((folder / file).read_text())


@cache
def _definitions(version: str) -> Any:
    return Resource.from_contents(_contents(version, "_definitions.json"))


@cache
def _validator(version: str, api: str, kind: str) -> Any:
    group, _, name = api.rpartition("/")
    file = "-".join(filter(None, (kind.lower(), group.partition(".")[0], name)))
    try:
        schema = _contents(version, f"{file}.json")
    except FileNotFoundError:
        return None
    registry: Any = _definitions(version) @ (Resource.from_contents(schema) @ Registry())
    return Draft202012Validator(schema, registry=registry)


def _documents(manifests: dict[str, str]) -> Iterator[dict[str, Any]]:
    for path, text in sorted(manifests.items()):
        if not path.endswith("NOTES.txt"):
            yield from (each for each in yaml.load_all(text, yaml.CSafeLoader) if each)


def _result(case: dict[str, Any], chart: Path, schemas: _Schemas | None) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for file in case["values"]:
        values = _merged(values, yaml.safe_load(Path(file).read_text()) or {})
    values = _merged(values, case["set"])
    try:
        with helm.Chart.load(chart) as loaded:
            manifests = loaded.render(values, name=case["name"], namespace=case["namespace"])
        objects = list(_documents(manifests))
        if schemas is None:
            return {"error": "", "objects": objects, "problems": [], "lint": []}
        lint = helm.lint(chart, values, strict=True, with_subcharts=True)
    except (helm.HelmError, yaml.YAMLError) as error:
        return {"error": str(error), "objects": [], "problems": [], "lint": []}
    problems = [problem for each in objects for problem in schemas.problems(each, case["versions"])]
    told = [f"{each['path']}: {each['error']}" for each in lint["messages"] if each["severity"] >= _WARNING]
    told += map(str, lint["errors"])
    return {"error": "", "objects": objects, "problems": problems, "lint": told}


def main() -> None:
    """Answer the request on the standard input."""
    asked = json.load(sys.stdin)
    schemas = _Schemas(Path(asked["custom"])) if asked["checked"] else None
    with tempfile.TemporaryDirectory() as folder:
        results = [
            _result(case, _whole(Path(case["chart"]), Path(folder)), schemas) for case in asked["cases"]
        ]
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    main()
