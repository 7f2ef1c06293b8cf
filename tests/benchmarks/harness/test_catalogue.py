"""Every benchmark is in the catalogue, and what is there can be run."""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path

import pytest

from benchmarks.harness.catalogue import Benchmark, catalogue
from benchmarks.harness.report import kept
from benchmarks.harness.running import result_of
from tests.docs.test_docs import ROOT

BENCHMARKS = ROOT / "benchmarks"
#: Commands that measure nothing, or are a part of one that does.
NO_BENCHMARKS = {
    "benchmarks",
    "benchmarks.beside_docling.convert",
    "benchmarks.conformance.record",
    "benchmarks.gpu.pipeline",  # a part of benchmarks.gpu
    "benchmarks.gpu.pipeline.door",
    "benchmarks.pages.setters.weasyprint_pages",
    "benchmarks.quality.peers.convert",
    "benchmarks.scale.bare",
    "benchmarks.scale.subreaper",
    "benchmarks.serving.detection_parity",  # of two servers that somebody has
    "benchmarks.serving.tensorrt",  # lets an engine into a repository, or not
    "benchmarks.store.delaying_proxy",
    "benchmarks.store.ledgers.work",
}
#: Loose modules of a folder: more are a theme of their own.
MOST_LOOSE = 12

every_benchmark = pytest.mark.parametrize(("name", "benchmark"), catalogue().items(), ids=list(catalogue()))


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__main__")


def commands() -> dict[str, Path]:
    return {
        module_of(path): path
        for path in BENCHMARKS.rglob("*.py")
        if re.search(r"^if __name__ == .__main__.:", path.read_text("utf-8"), re.MULTILINE)
    }


def test_every_command_is_in_the_catalogue_or_known_to_measure_nothing() -> None:
    assert set(commands()) - {each.module for each in catalogue().values()} == NO_BENCHMARKS


@every_benchmark
def test_a_benchmark_is_a_command_that_writes_json(name: str, benchmark: Benchmark) -> None:
    text = commands()[benchmark.module].read_text("utf-8")
    assert "--json" in text or re.search(r"^    json: Annotated", text, re.MULTILINE)
    assert benchmark.figures, "a result without a figure says nothing"


@every_benchmark
def test_its_options_are_those_of_its_command(name: str, benchmark: Benchmark) -> None:
    text = commands()[benchmark.module].read_text("utf-8")
    for option in re.findall(r"--([a-z-]+)", f"{benchmark.arguments} {benchmark.full}"):
        assert f'"--{option}"' in text or re.search(rf"^    {option}: Annotated", text, re.MULTILINE), option
    given = set(re.findall(r"{(\w+)}", benchmark.arguments))
    assert given == ({benchmark.needs} if benchmark.needs else set())


def test_the_set_takes_a_quarter_of_an_hour() -> None:
    assert sum(each.minutes for each in catalogue().values() if each.chosen) < 15


@pytest.mark.parametrize("name", ["cost", "scaling"])
def test_what_is_calculated_is_what_is_kept(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    benchmark = catalogue()[name]
    written = tmp_path / "report.json"
    main = importlib.import_module(commands_module(benchmark)).main
    assert main(["--json", str(written)]) == 0
    now = result_of(name, benchmark, json.loads(written.read_text()))
    assert now.figures == kept()[benchmark.kind][name].figures, f"python -m benchmarks run {name}"


def commands_module(benchmark: Benchmark) -> str:
    path = commands()[benchmark.module]
    return f"{benchmark.module}.__main__" if path.name == "__main__.py" else benchmark.module


def test_the_folder_has_no_more_than_a_dozen_loose_modules() -> None:
    loose = [path.name for path in BENCHMARKS.glob("*.py") if path.name != "__init__.py"]
    assert len(loose) <= MOST_LOOSE, loose
