"""Which test runs a module that no test imports by name."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest

from tests.test_imports import MODULES, ROOT, imports, within

#: A module, or a function of it, that is named as text: what another process is to run.
_NAMED = re.compile(r"(docmill(?:\.\w+)+)(?::\w+)?")

#: Modules, or packages of them, that no test imports: the test of what they are used by.
THROUGH: Mapping[str, str] = {
    "docmill.pipeline.cli": "cli/test_cli.py",
    "docmill.pipeline.convert.extras": "instance/test_executor.py",
    "docmill.pipeline.convert.document.table_joins": "convert/document/test_table_joins.py",
    "docmill.pipeline.convert.layout": "convert/layout/test_fusion.py",
    "docmill.pipeline.convert.ocr": "convert/ocr/test_ocr.py",
    "docmill.pipeline.convert.pdf": "convert/pdf/test_page_reader.py",
    "docmill.pipeline.convert.tables": "convert/tables/test_structure.py",
    "docmill.pipeline.convert.understanding": "convert/document/test_assemble.py",
    "docmill.pipeline.corpus.stopping": "corpus/test_stopped_batches.py",
    "docmill.pipeline.corpus.store_size": "cli/test_overview.py",
    "docmill.pipeline.corpus.view.pictures": "cli/test_explain.py",
    "docmill.pipeline.corpus.waiting": "corpus/test_overview.py",
    "docmill.pipeline.defs": "defs/test_definitions.py",
    "docmill.pipeline.instance": "defs/test_definitions.py",
    "docmill.pipeline.stages": "stages/test_conversion.py",
    "docmill.resources.clients.certificates": "resources/clients/vllm/test_client.py",
    "docmill.resources.clients.files": "resources/clients/files/test_document_store.py",
    "docmill.resources.clients.triton": "resources/clients/triton/test_server.py",
    "docmill.resources.clients.vllm": "resources/clients/vllm/test_client.py",
    "docmill.resources.engines.triton": "resources/engines/triton/test_flow.py",
    "docmill.resources.local.triton": "resources/local/triton/test_local.py",
    "docmill.resources.local.wheels": "resources/local/triton/test_local.py",
    "docmill.resources.quiet": "cli/test_quiet.py",
    "docmill.resources.settings": "defs/test_definitions.py",
    "docmill.resources.weights": "resources/engines/triton/test_flow.py",
}


def named(path: Path) -> set[str]:
    """The modules that a file names as text."""
    constants = (
        node.value for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Constant)
    )
    found = (_NAMED.fullmatch(value) for value in constants if isinstance(value, str))
    return {match[1] for match in found if match} & MODULES.keys()


@cache
def used(module: str) -> frozenset[str]:
    """The modules of ours that a module imports, names, or is a part of the package of."""
    inside = {name for name in imports(module) if name in MODULES} | named(MODULES[module])
    main = f"{module}.__main__"
    return frozenset(inside | ({main} & MODULES.keys()))


@cache
def given(path: Path) -> frozenset[str]:
    """The modules that a test imports or names."""
    found = named(path)
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return frozenset(found & MODULES.keys())


def reached(path: Path) -> set[str]:
    """Everything that a test runs, as far as imports tell."""
    seen: set[str] = set()
    ahead = list(given(path))
    while ahead:
        module = ahead.pop()
        if module not in seen:
            seen.add(module)
            ahead += used(module)
    return seen


def unnamed() -> set[str]:
    """The modules that no test imports or names; the doors of packages hold no code."""
    tests = (path for path in (ROOT / "tests").rglob("*.py") if path != Path(__file__))
    known = {module for path in tests for module in given(path)}
    return {module for module, path in MODULES.items() if path.name != "__init__.py"} - known


def test_each_module_is_imported_by_a_test_or_has_one_that_runs_it() -> None:
    assert {module for module in unnamed() if not within(module, *THROUGH)} == set()


@pytest.mark.parametrize("package", THROUGH)
def test_the_test_that_is_named_gets_there(package: str) -> None:
    modules = {module for module in unnamed() if within(module, package)}
    assert modules, "a test imports them now"
    assert modules - reached(ROOT / "tests" / THROUGH[package]) == set()
