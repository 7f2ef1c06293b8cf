"""What the pages name exists: links, files, modules, commands with their options, targets of make, code."""

from __future__ import annotations

import importlib
import importlib.util
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import typer.main
import yaml

from docmill.pipeline.cli.app import app
from docmill.pipeline.defs.component import DocmillComponent
from docmill.pipeline.defs.settings import settings_in_force

ROOT = Path(__file__).parents[2]
FOLDERS = ("", "docs", "model_repository", "tests/kit", "tests/tiny_vlm", "tests/samples")
#: Names what was there once.
HISTORY = ROOT / "CHANGELOG.md"
PAGES = sorted({page for folder in FOLDERS for page in (ROOT / folder).glob("*.md")} - {HISTORY})
#: Words of a page, code and tables included; figures are no words.
MOST_WORDS = 1750
#: Stand for any name.
_NAMES = re.compile(r"\b[A-Z][A-Z_]+\b")
#: Before what is no command: a release of Helm's, and its chart, are called docmill too.
_NO_RELEASE = "(?<!helm install)(?<!helm test)(?<!deploy/helm)"


def page_id(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


every_page = pytest.mark.parametrize("page", PAGES, ids=page_id)
COMMAND: Any = typer.main.get_command(app)


def blocks(page: Path, language: str) -> list[str]:
    """The fenced code of a page in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def code(page: Path) -> Iterator[str]:
    """Each line of the code blocks, and each piece of code in the text. Shell lines that go on are joined."""
    text = page.read_text("utf-8")
    fenced = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
    indented = re.findall(r"^ {4}.+$", fenced.sub("", text), re.MULTILINE)
    block = "\n".join([*fenced.findall(text), *indented]).replace("\\\n", " ")
    yield from (line.partition("  #")[0].strip() for line in block.splitlines())
    plain = "\n".join(line for line in fenced.sub("", text).splitlines() if not line.startswith("    "))
    yield from (" ".join(piece.split()) for piece in re.findall(r"`([^`]+)`", plain))


def anchors(page: Path) -> set[str]:
    """The headings of a page as GitHub links to them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def command_of(words: list[str]) -> tuple[Any, list[str]]:
    """The command that `docmill WORDS` runs, and what follows its name; `KeyError` when there is none."""
    command = COMMAND
    while words and hasattr(command, "commands"):
        command, words = command.commands[words[0]], words[1:]
    return command, words


def test_the_pages_are_found() -> None:
    assert {"README.md", "ARCHITECTURE.md", "docs/README.md"} <= {page_id(page) for page in PAGES}


@pytest.mark.parametrize("page", [*PAGES, HISTORY], ids=page_id)
def test_links_lead_somewhere(page: Path) -> None:
    lost = []
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        linked = (page.parent / path).resolve() if path else page
        if not linked.exists() or (anchor and anchor not in anchors(linked)):
            lost.append(target)
    assert lost == []


@every_page
def test_files_that_are_named_exist(page: Path) -> None:
    """Capitals stand for any name, as in `pipeline/stages/NAME.py`."""
    folders = "pipeline|resources|benchmarks|tests|deploy|docs|model_repository|docmill"
    lost = []
    for piece in code(page):
        for path in re.findall(rf"(?<![\w./-])(?:{folders})/[\w./*{{}},-]*", piece):
            pattern = _NAMES.sub("*", path.partition("::")[0].rstrip("./,"))
            if "{" not in pattern and not any(ROOT.glob(pattern)):
                lost.append(path)
    assert lost == []


@every_page
def test_modules_that_are_named_exist(page: Path) -> None:
    lost = []
    for piece in code(page):
        for module in re.findall(r"python -m ((?:benchmarks|tests|docmill)[\w.]*)", piece):
            if importlib.util.find_spec(module) is None:
                lost.append(module)
        for name in re.findall(r"\bdocmill\.(?:pipeline|resources)[\w.]*", piece):
            module, _, last = name.rpartition(".")
            if last[:1].isupper() and hasattr(importlib.import_module(module), last):
                continue
            path = ROOT.joinpath(*name.split("."))
            if not path.is_dir() and not path.with_suffix(".py").is_file():
                lost.append(name)
    assert lost == []


@every_page
def test_commands_of_docmill_exist_with_their_options(page: Path) -> None:
    lost = []
    for piece in code(page):
        for line in re.findall(rf"(?:^|{_NO_RELEASE}[\s(/])docmill (?!$)([a-z-][^;|&#]*)", piece):
            words = [word for word in line.split() if word not in ("...", "…")]
            if words[0] == "--settings":  # before any command, with its file
                words = words[2:]
            if not words or words[0] in ("-h", "--help"):
                continue
            try:
                command, rest = command_of(words[0].split("|") if len(words) == 1 else words)
            except KeyError:
                lost.append(line)
                continue
            known = {name for option in command.params for name in (*option.opts, *option.secondary_opts)}
            asked = {word.partition("=")[0] for word in rest if word.startswith("--")} - {"--help"}
            lost += [f"{line}: {option}" for option in sorted(asked - known)]
    assert lost == []


@every_page
def test_targets_of_make_exist(page: Path) -> None:
    known = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = {target for piece in code(page) for target in re.findall(r"(?:^|\s)make ([a-z]+)", piece)}
    assert named <= known


@every_page
def test_a_page_is_no_book(page: Path) -> None:
    words = [word for word in page.read_text("utf-8").split() if re.search(r"[^\W\d_]{2}", word)]
    assert len(words) < MOST_WORDS


@every_page
def test_extras_that_are_named_exist(page: Path) -> None:
    known = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    named = {extra for piece in code(page) for extra in re.findall(r"\bdocmill\[(\w+)\]", piece)}
    assert named <= set(known)


def test_the_index_has_every_page() -> None:
    index = (ROOT / "docs" / "README.md").read_text("utf-8")
    linked = set(re.findall(r"\]\(([\w-]+\.md)\)", index))
    assert linked == {page.name for page in (ROOT / "docs").glob("*.md")} - {"README.md"}


def test_definitions_of_ones_own_are_definitions() -> None:
    snippet, more = blocks(ROOT / "docs" / "in-your-project.md", "python")
    names: dict[str, Any] = {"__name__": "theirs"}
    exec(snippet, names)
    exec(more, names)
    assert names["defs"].resources["mill_inbox"].batch_documents == 64
    assert names["defs"].get_repository_def().has_job("mill_convert_documents")


def test_the_settings_file_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (snippet,) = blocks(ROOT / "docs" / "settings.md", "toml")
    (tmp_path / "docmill.toml").write_text(snippet)
    monkeypatch.setenv("DOCMILL_SETTINGS", str(tmp_path / "docmill.toml"))
    resources = settings_in_force().resources
    assert resources["triton"].url == "gpu-1:8001"
    assert resources["inbox"].place == "s3://bucket/in"


def test_the_components_settings_are_settings() -> None:
    (snippet,) = blocks(ROOT / "docs" / "in-your-project.md", "yaml")
    described = yaml.safe_load(snippet)
    assert described["type"] == f"{DocmillComponent.__module__}.{DocmillComponent.__name__}"
    component = DocmillComponent(**described["attributes"])
    defs = component.build_defs(dg.ComponentTree.for_test().load_context)
    assert (defs.resources or {})["mill_triton"].url == "triton.models:8001"
