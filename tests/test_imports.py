"""The direction of imports: convert <- resources <- stages, intake, corpus, instance <- defs <- cli."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = {
    "docmill." + ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
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


#: Each imports from its own layer and those before it.
LAYERS = (
    ("docmill.pipeline.convert",),
    ("docmill.resources",),
    (
        "docmill.pipeline.stages",
        "docmill.pipeline.intake",
        "docmill.pipeline.corpus",
        "docmill.pipeline.instance",
    ),
    ("docmill.pipeline.defs",),
    ("docmill.pipeline.cli",),
)
#: What workers and the code they run may import of Dagster: nothing.
WITHOUT_DAGSTER = (
    "docmill.pipeline.convert",
    "docmill.pipeline.stages",
    "docmill.pipeline.intake",
    "docmill.pipeline.corpus",
    "docmill.resources.clients",
    "docmill.resources.engines",
    "docmill.resources.local",
    "docmill.resources.weights",
)


def layer(module: str) -> int | None:
    return next((number for number, packages in enumerate(LAYERS) if within(module, *packages)), None)


def offences(*packages: str, forbidden: str) -> list[str]:
    return [
        f"{module} imports {name}"
        for module in MODULES
        if within(module, *packages)
        for name in imports(module)
        if within(name, forbidden)
    ]


def test_the_modules_are_found() -> None:
    assert {"docmill.pipeline.convert.types", "docmill.resources.clients.files.document_store"} <= set(
        MODULES
    )
    found = set(imports("docmill.pipeline.convert.document.docling_stages"))
    assert "docmill.pipeline.convert.types" in found


def test_every_module_has_a_layer() -> None:
    assert {module for module in MODULES if layer(module) is None} == {"docmill.pipeline"}


def test_imports_go_down_the_layers_only() -> None:
    found = []
    for module in MODULES:
        for name in imports(module):
            own, other = layer(module), layer(name)
            if own is not None and other is not None and other > own:
                found.append(f"{module} imports {name}")
    assert found == []


@pytest.mark.parametrize("package", WITHOUT_DAGSTER)
def test_what_workers_run_needs_no_dagster(package: str) -> None:
    assert offences(package, forbidden="dagster") == []


def test_what_dagster_does_not_call_public_is_behind_one_module() -> None:
    """`dagster._core` and its like move between versions; a single module has to follow."""
    found = {
        module
        for module in MODULES
        for name in imports(module)
        if name.startswith("dagster") and any(part.startswith("_") for part in name.split("."))
    }
    assert found == {"docmill.pipeline.instance.dagster_internals"}


def test_docling_is_imported_by_document_code_the_workers_and_its_plugin_only() -> None:
    found = {
        module
        for module in MODULES
        for name in imports(module)
        if within(name, "docling", "docling_core") and not within(module, "docmill.pipeline.convert")
    }
    assert found <= {
        "docmill.pipeline.stages.work.exports",
        "docmill.pipeline.stages.work.documents",
        "docmill.resources.clients.docling.table_stage",
    }


def test_opentelemetry_is_imported_by_one_module_and_that_only_where_traces_are_wanted() -> None:
    found = {module for module in MODULES for name in imports(module) if within(name, "opentelemetry")}
    assert found == {"docmill.resources.clients.tracing.otlp"}
    for module in ("docmill.pipeline.defs.definitions", "docmill.pipeline.stages.running.preload"):
        assert "opentelemetry" not in loaded_by(module)


def test_the_plugin_for_docling_needs_no_dagster() -> None:
    load = "import docmill.resources.clients.docling.plugin as plugin, sys; plugin.table_structure_engines()"
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
    packages = loaded_by("docmill.pipeline.cli.app")
    assert packages.isdisjoint({"dagster", "docling", "docling_core", "onnxruntime", "numpy", "pypdfium2"})


@pytest.mark.parametrize(
    "module",
    [
        "docmill.pipeline.stages.running.pool",
        "docmill.pipeline.stages.running.runner",
        "docmill.pipeline.stages.registry",
    ],
)
def test_what_runs_beside_the_workers_is_light(module: str) -> None:
    packages = loaded_by(module)
    assert packages.isdisjoint({"dagster", "docling", "docling_core", "onnxruntime", "pypdfium2", "cv2"})


def test_who_starts_runs_has_nothing_that_computes() -> None:
    packages = loaded_by("docmill.pipeline.cli.convert_files")
    assert packages.isdisjoint({"cv2", "docling", "docling_core", "onnx", "onnxruntime", "PIL", "shapely"})


def test_the_fork_server_leaves_out_what_conversions_do_not_use() -> None:
    assert loaded_by("docmill.pipeline.stages.running.preload").isdisjoint(
        {"transformers", "semchunk", "mpire", "flask", "pandas", "onnx"}
    )


def test_what_looks_whether_there_is_something_to_do_is_light() -> None:
    packages = loaded_by("docmill.pipeline.cli.converting.starting")
    assert packages.isdisjoint({"dagster", "docling", "docling_core", "onnxruntime", "numpy", "pyarrow"})


def test_arrow_does_without_pandas() -> None:
    packages = loaded_by(
        "docmill.pipeline.cli.converting.arrow; docmill.pipeline.cli.converting.arrow.load_arrow()"
    )
    assert "pyarrow" in packages
    assert "pandas" not in packages


def test_tables_are_data_frames_after_all() -> None:
    code = """
import docmill.pipeline.stages.running.preload
from docling_core.types.doc import DoclingDocument, TableCell, TableData
starts = {"start_row_offset_idx": 0, "start_col_offset_idx": 0}
cell = TableCell(text="a", **starts, end_row_offset_idx=1, end_col_offset_idx=1)
document = DoclingDocument(name="x")
table = document.add_table(TableData(num_rows=1, num_cols=1, table_cells=[cell]))
print(type(table.export_to_dataframe(document)).__name__)
"""
    assert said_by(code) == "DataFrame\n"


def test_chunks_have_what_the_fork_server_hid() -> None:
    assert "transformers" in loaded_by(
        "docmill.pipeline.stages.running.preload, docmill.pipeline.convert.document.chunks"
    )


def said_by(code: str) -> str:
    """What a new interpreter prints and complains about."""
    environment = {name: value for name, value in os.environ.items() if name != "TRANSFORMERS_VERBOSITY"}
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT, env=environment
    )
    return run.stdout + run.stderr


def test_workers_do_not_hear_of_a_pytorch_that_nobody_misses() -> None:
    code = "import docmill.pipeline.stages.running.preload, docmill.pipeline.convert.document.chunks"
    assert said_by(code) == ""


def test_document_code_leaves_the_environment_of_whoever_imports_it_alone() -> None:
    code = "import os; before = dict(os.environ); import docmill.pipeline.convert.types as t; "
    assert said_by(f"{code} print(set(os.environ.items()) ^ set(before.items()))") == "set()\n"


def test_help_shows_examples() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "docmill.pipeline.cli", "--help"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    assert "docmill convert" in run.stdout
