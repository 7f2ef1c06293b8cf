"""The direction of imports: pipeline.convert <- resources <- pipeline <- pipeline.assets <- definitions."""

from __future__ import annotations

import ast
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for package in ("pipeline", "resources")
    for path in sorted((ROOT / package).rglob("*.py"))
}


def imports(module: str) -> Iterator[str]:
    """Every module that `module` imports, within functions too."""
    path = MODULES[module]
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*parents, base]).rstrip(".")
            for alias in node.names:
                full = f"{base}.{alias.name}"
                yield full if full in MODULES else base


def within(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def offences(package: str, *, forbidden: tuple[str, ...], allowed: tuple[str, ...] = ()) -> list[str]:
    return [
        f"{module} imports {name}"
        for module in MODULES
        if within(module, package)
        for name in imports(module)
        if within(name, *forbidden) and not within(name, *allowed)
    ]


def test_the_modules_are_found() -> None:
    assert {"pipeline.convert.types", "pipeline.assets.layout", "resources.store"} <= set(MODULES)
    assert "pipeline.convert.types" in set(imports("pipeline.convert.docling_stages"))


def test_document_code_knows_neither_dagster_nor_resources() -> None:
    assert (
        offences(
            "pipeline.convert",
            forbidden=("dagster", "resources", "pipeline", "dagster_k8s"),
            allowed=("pipeline.convert",),
        )
        == []
    )


def test_resources_know_document_code_only() -> None:
    assert offences("resources", forbidden=("pipeline",), allowed=("pipeline.convert",)) == []


def test_only_configurable_resources_know_dagster() -> None:
    found = {text.split()[0] for text in offences("resources", forbidden=("dagster",))}
    assert all(within(module, "resources.configurable") for module in found)


def test_assets_are_known_to_definitions_and_the_command_line_only() -> None:
    found = [
        f"{module} imports {name}"
        for module in MODULES
        if not within(module, "pipeline.assets", "pipeline.cli", "pipeline.definitions", "pipeline.schedules")
        for name in imports(module)
        if within(name, "pipeline.assets", "pipeline.definitions", "pipeline.cli")
        and not (module == "pipeline.cli" or within(module, "pipeline.cli"))
    ]
    assert found == []


def test_workers_need_no_dagster() -> None:
    assert offences("pipeline.stages", forbidden=("dagster", "pipeline.assets", "pipeline.cli")) == []
    for module in ("isolation", "stage", "artifacts", "records", "batches", "worker", "conversion"):
        assert offences(f"pipeline.{module}", forbidden=("dagster",)) == []


def test_docling_is_imported_by_document_code_the_workers_and_its_plugin_only() -> None:
    found = {
        module
        for module in MODULES
        for name in imports(module)
        if within(name, "docling", "docling_core") and not within(module, "pipeline.convert")
    }
    assert found <= {"pipeline.stages.exports", "pipeline.stages.documents", "resources.docling_tables"}


def test_the_plugin_for_docling_needs_no_dagster() -> None:
    load = "import resources.docling_plugin as plugin, sys; plugin.table_structure_engines()"
    look = f"{load}; print('dagster' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, cwd=ROOT, check=True)
    assert run.stdout.strip() == "False"


def test_no_module_imports_itself_in_a_circle() -> None:
    graph = {module: {name for name in imports(module) if name in MODULES} for module in MODULES}
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " -> ".join([*path[path.index(module) :], module])
        if module not in done:
            for name in graph[module]:
                visit(name, (*path, module))
            done.add(module)

    for module in graph:
        visit(module, ())


def loaded_by(module: str) -> set[str]:
    """The top-level packages in memory after a module is imported in a new interpreter."""
    code = f"import sys, {module}; print(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, cwd=ROOT).stdout
    return set(shown.decode().split())


def test_the_command_line_starts_without_what_it_may_not_need() -> None:
    packages = loaded_by("pipeline.cli.app")
    assert packages.isdisjoint({"dagster", "docling", "docling_core", "onnxruntime", "numpy", "pypdfium2"})


@pytest.mark.parametrize("module", ["pipeline.isolation", "pipeline.stage", "pipeline.stages.specs"])
def test_what_runs_beside_the_workers_is_light(module: str) -> None:
    packages = loaded_by(module)
    assert packages.isdisjoint({"dagster", "docling", "docling_core", "onnxruntime", "pypdfium2", "cv2"})


def test_the_fork_server_leaves_out_what_conversions_do_not_use() -> None:
    assert loaded_by("pipeline.stages.preload").isdisjoint({"transformers", "semchunk", "mpire", "flask"})


def test_chunks_have_what_the_fork_server_hid() -> None:
    assert "transformers" in loaded_by("pipeline.stages.preload, pipeline.convert.chunks")


def test_help_is_fast_and_shows_examples() -> None:
    started = time.monotonic()
    run = subprocess.run(
        [sys.executable, "-m", "pipeline.cli", "--help"], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert time.monotonic() - started < 3.0
    assert "docmill convert" in run.stdout
