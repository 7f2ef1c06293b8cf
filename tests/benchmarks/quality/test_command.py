"""The command on a small corpus of our own samples."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from benchmarks.quality.__main__ import app
from benchmarks.quality.engines.docmill import Docmill
from benchmarks.quality.halves import Half, half_of
from benchmarks.quality.report import read_report
from docmill.resources.weights.embedded_weights import default_folder

SAMPLES = Path(__file__).parents[2] / "samples"


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    for name, text in (
        ("one", "# Title\n\n## A\n\nText of one."),
        ("two", "# Title\n\n## B\n\nText of two."),
    ):
        (folder / f"{name}.pdf").write_bytes(b"%PDF-1.4\n")
        (folder / f"{name}.md").write_text(text)
    return folder


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_markdown_of_a_folder(corpus: Path, tmp_path: Path) -> None:
    made = tmp_path / "made"
    made.mkdir()
    (made / "one.md").write_text((corpus / "one.md").read_text())
    report = tmp_path / "report.json"
    result = run("--corpus", corpus, "--engine", f"md:{made}", "--json", report)
    assert result.exit_code == 0, result.output
    assert "incomplete two: two.md: No such file or directory" in result.output
    [engine] = read_report(report).engines
    figures = {score.name: score.main for score in engine.documents}
    assert list(figures) == ["two", "one"]
    assert figures == {"one": 1.0, "two": 0.0}
    assert engine.halves[-1].figures["overall"] == 0.5
    assert json.loads(report.read_text())["environment"]["versions"]["docmill"]

    (made / "two.md").write_text((corpus / "two.md").read_text())
    result = run("--corpus", corpus, "--engine", f"md:{made}", "--against", report)
    assert "1.000 +1.000" in result.output


def test_what_makes_no_sense_is_misuse(corpus: Path, tmp_path: Path) -> None:
    assert run("--corpus", corpus, "--engine", "typewriter").exit_code == 2
    empty = tmp_path / "empty"
    empty.mkdir()
    assert run("--corpus", empty).exit_code == 2


def test_an_engine_that_is_not_there_is_named(corpus: Path, tmp_path: Path) -> None:
    result = run("--corpus", corpus, "--engine", f"md:{tmp_path / 'nowhere'}")
    assert result.exit_code == 1
    assert "unavailable" in result.output


def test_docmill_makes_what_its_command_makes(tmp_path: Path) -> None:
    """Also the second time, with the layout model's answers kept."""
    pdf = tmp_path / "paper.pdf"
    shutil.copy(SAMPLES / "financial_statement.pdf", pdf)
    kept, out, home = tmp_path / "kept", tmp_path / "out", tmp_path / "home"
    first, second = (Docmill(detections=kept).convert({"paper": pdf})["paper"] for _ in range(2))
    assert any(kept.iterdir())
    environment = {**os.environ, "DOCMILL_HOME": str(home), "DOCMILL_MODELS": str(default_folder())}
    command = [sys.executable, "-m", "docmill.pipeline.cli", "convert", str(pdf), "--out", str(out)]
    subprocess.run([*command, "--format", "md"], check=True, env=environment)
    assert first.markdown == second.markdown == (out / "paper.md").read_text()
    assert first.failure is None
    assert first.grids


def test_the_worst_are_shown_and_floors_are_held(tmp_path: Path) -> None:
    """A corpus of a table, a text and a fault, converted with everything on."""
    corpus, shown = tmp_path / "small", tmp_path / "shown"
    (corpus / "paper-kind").mkdir(parents=True)
    shutil.copy(SAMPLES / "two_column_paper.pdf", corpus / "paper-kind" / "case.pdf")
    (corpus / "paper-kind" / "expected.md").write_text("# Another paper")
    # a stem of the development half
    shutil.copy(SAMPLES / "financial_statement.pdf", corpus / "ta.pdf")
    element = {"type": "table", "data": r"\begin{tabular}{c} never & there \\ \end{tabular}"}
    (corpus / "ta.json").write_text(json.dumps([element]))
    floor = tmp_path / "floor.json"
    floor.write_text(json.dumps({"small": {"halves": {"development": {"relations_f1": 0.5}}, "right": []}}))
    result = run("--corpus", corpus, "--report", shown, "--floor", floor, "--out", tmp_path / "out")
    assert result.exit_code == 1, result.output
    assert "below small, development: relations_f1 0.000, at least 0.5 wanted" in result.output
    page = (shown / "index.html").read_text()
    assert "paper-kind: wrong" in page and "Another" in page
    assert "<td rowspan=1 colspan=1 class='odd'>never</td>" in page
    pictures = {path.name: path.read_bytes() for path in shown.glob("*.jpg")}
    assert {"small-docmill-ta-1.jpg", "small-docmill-paper-kind-1.jpg"} <= set(pictures)
    assert all(picture.startswith(b"\xff\xd8") for picture in pictures.values())
    written = tmp_path / "out" / "small" / "docmill"
    assert "Batching Before Thinking" in (written / "paper-kind.md").read_text()

    result = run("--corpus", corpus, "--engine", f"md:{written}", "--report", shown)
    assert result.exit_code == 0
    assert any(path.name.startswith("small-md_") for path in shown.glob("*-ta-1.jpg"))


def test_the_check_half_is_not_shown_unasked(corpus: Path, tmp_path: Path) -> None:
    made = tmp_path / "made"
    made.mkdir()
    halves = {half_of(name) for name in ("one", "two")}
    assert Half.CHECK in halves
    for half, said in (([], False), (["--half", "check"], True)):
        run("--corpus", corpus, "--engine", f"md:{made}", "--report", tmp_path, *half)
        page = (tmp_path / "index.html").read_text()
        assert all((f"<h2>{name}" in page) is said for name in ("one", "two") if half_of(name) is Half.CHECK)
