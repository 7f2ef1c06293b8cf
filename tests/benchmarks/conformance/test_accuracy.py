from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from docling_core.types.doc import DocItemLabel, DoclingDocument
from rich.console import Console
from typer.testing import CliRunner, Result

from benchmarks.conformance.accuracy import app, convert_kit, score_kit
from benchmarks.metrics.document import score_document, summary, totals
from benchmarks.metrics.environment import environment
from benchmarks.metrics.kit import KitError, TruthKind, read_kit
from benchmarks.metrics.report import Report, comparison_table, make_report
from tests.benchmarks.handmade import rich_document

ROOT = Path(__file__).parents[3]


def save(document: DoclingDocument, path: Path) -> None:
    document.save_as_json(path)


@pytest.fixture
def kit(tmp_path: Path) -> Path:
    """Cases good, lost and broken; `bare` without a truth; `newer` with a derived one only."""
    folder = tmp_path / "kit"
    folder.mkdir()
    for name in ("good", "lost", "broken", "bare", "newer"):
        (folder / f"{name}.pdf").write_bytes(b"%PDF-1.4\n")
    for name in ("good", "lost", "broken"):
        save(rich_document(name), folder / f"{name}.expected.json")
    for name in ("good", "newer"):
        save(rich_document(name), folder / f"{name}.derived.expected.json")
    return folder


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    for name in ("good", "newer"):
        save(rich_document(name), folder / f"{name}.json")
    (folder / "broken.json").write_text('{"schema_name": "Doc')
    return folder


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_one_truth_per_pdf(kit: Path) -> None:
    cases, without = read_kit(kit, prefer=TruthKind.RECORDED)
    assert {case.name: case.kind.value for case in cases} == {
        "broken": "recorded",
        "good": "recorded",
        "lost": "recorded",
        "newer": "derived",
    }
    assert without == ["bare"]
    cases, _ = read_kit(kit, prefer=TruthKind.DERIVED, only=["good"])
    assert [(case.name, case.truth.name) for case in cases] == [("good", "good.derived.expected.json")]


def test_a_folder_without_pdfs_or_an_unknown_case_is_refused(kit: Path, tmp_path: Path) -> None:
    with pytest.raises(KitError, match="no PDF"):
        read_kit(tmp_path, prefer=TruthKind.RECORDED)
    with pytest.raises(KitError, match="absent"):
        read_kit(kit, prefer=TruthKind.RECORDED, only=["good", "absent"])


def test_the_same_document_scores_one_everywhere() -> None:
    score = score_document("x", rich_document(), rich_document(), truth_kind="recorded")
    assert set(summary(score).values()) == {1.0}
    assert totals([score]) == summary(score)


def test_a_missing_document_scores_zero_everywhere() -> None:
    score = score_document("x", rich_document(), None, truth_kind="recorded")
    assert set(summary(score).values()) == {0.0}
    assert score.failure == "no document"


def test_an_empty_truth_is_no_free_point_for_a_failure() -> None:
    empty = DoclingDocument(name="x")
    assert score_document("x", empty, None, truth_kind="recorded").text == 0.0
    assert score_document("x", empty, empty, truth_kind="recorded").text == 1.0


def test_totals_are_micro_for_layout_and_means_for_text() -> None:
    small = DoclingDocument(name="small")
    small.add_text(label=DocItemLabel.TEXT, text="alone")
    scores = [
        score_document("a", rich_document(), rich_document(), truth_kind="recorded"),
        score_document("b", rich_document(), None, truth_kind="recorded"),
        score_document("c", small, small, truth_kind="recorded"),
    ]
    result = totals(scores)
    assert result["layout_f1_50"] == pytest.approx(2 * 7 / (2 * 7 + 7))
    assert result["text"] == pytest.approx(2 / 3)
    assert result["headings_f1"] == 0.5  # the document without headings does not count
    assert result["teds"] == 0.5


def test_command_reports_every_case(kit: Path, docs: Path, tmp_path: Path) -> None:
    report_file = tmp_path / "new" / "report.json"
    result = run("--kit", kit, "--docs", docs, "--json", report_file, "--per-page")
    assert result.exit_code == 0, result.output
    assert "good p. 2" in result.stdout
    assert "failed lost: not converted" in result.stdout
    assert "skipped bare: no ground truth" in result.stdout
    report: dict[str, Any] = json.loads(report_file.read_text())
    assert set(report["failed"]) == {"lost", "broken"}
    assert "no DoclingDocument" in report["failed"]["broken"]
    assert report["totals"]["text"] == 0.5
    assert report["totals"]["layout_f1_75"] == pytest.approx(2 / 3)
    assert report["environment"]["cores"] >= 1
    assert report["environment"]["versions"]["docling-core"]
    assert [document["truth"] for document in report["documents"]] == ["recorded"] * 3 + ["derived"]

    # a second run that lost one more document, against the first
    (docs / "good.json").unlink()
    result = run("--kit", kit, "--docs", docs, "--compare", report_file)
    assert result.exit_code == 0, result.output
    changes = result.stdout.partition("Change since")[2]
    assert "-1.000" in changes.partition("good")[2].splitlines()[0]
    assert "newer" not in changes


def test_command_with_nothing_converted_exits_with_one(kit: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    assert run("--kit", kit, "--docs", empty, "--cases", "good,lost").exit_code == 1


def test_command_refuses_a_kit_without_truth(kit: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.conformance.accuracy", "--kit", str(kit), "--cases", "bare"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert "ground truth" in result.stderr


def test_an_unreadable_truth_is_skipped(kit: Path, docs: Path) -> None:
    (kit / "good.expected.json").write_text("[]")
    cases, _ = read_kit(kit, prefer=TruthKind.RECORDED)
    scores, skipped = score_kit(cases, {"good": docs / "good.json"})
    assert [score.name for score in scores] == ["broken", "lost", "newer"]
    assert "good.expected.json is no DoclingDocument" in skipped["good"]


def test_documents_of_an_earlier_run_do_not_stand_in_for_failures(kit: Path, docs: Path) -> None:
    # These PDFs have nothing but a header, so no converter makes a document of them.
    assert convert_kit([kit / "good.pdf"], docs, jobs=1) == {}
    assert not (docs / "good.json").exists()


def test_comparison_shows_changes_new_and_gone_documents() -> None:
    def report(**documents: DoclingDocument | None) -> Report:
        scores = [
            score_document(name, rich_document(), document, truth_kind="recorded")
            for name, document in documents.items()
        ]
        made = make_report(scores, kit="kit", source="test", environment=environment())
        return msgspec.json.decode(msgspec.json.encode(made), type=Report)

    same = rich_document()
    table = comparison_table(report(a=same, b=same, c=None), report(a=same, b=None, d=same))
    console = Console(width=160)
    with console.capture() as capture:
        console.print(table)
    text = capture.get()
    rows = {line.split()[1]: line for line in text.splitlines() if line.startswith("│")}
    assert "a" not in rows
    assert "-1.000" in rows["b"]
    assert "(gone)" in rows["c"]
    assert "(new)" in rows["d"]
    assert "(other documents)" in rows["all"]
