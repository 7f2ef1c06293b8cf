import json
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from docling_core.types.doc import DoclingDocument
from typer.testing import CliRunner

from benchmarks.conformance.__main__ import app
from benchmarks.conformance.cases import read_cases
from benchmarks.conformance.compare import compare
from benchmarks.conformance.floor import Floor, read_floor, shortfalls
from benchmarks.metrics.kit import KitError, load_document
from docmill.pipeline.convert.document.formats import export
from docmill.pipeline.convert.options import FORMATS
from tests.support.recordings import RECORDINGS, needs_recordings

#: Recorded by docmill itself, with `python -m benchmarks.conformance.record`: kind "docmill".
OWN = Path(__file__).parents[2] / "kit"
FLOORS = Path(__file__).parents[3] / "benchmarks" / "floors"
KITS = [
    pytest.param(OWN, id="own"),
    pytest.param(RECORDINGS, id="docling", marks=needs_recordings),
]
MODES = [("recorded", "recorded"), ("recorded", "rematch"), ("pdfium", "rematch")]


@pytest.fixture
def kit(tmp_path: Path) -> Path:
    """A kit of one case that may be changed."""
    folder = tmp_path / "kit"
    folder.mkdir()
    for path in OWN.glob("financial_statement.*"):
        shutil.copy(path, folder)
    return folder


def run(*arguments: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Every document of the kits at hand, made with PDFium's text and matched tables."""
    out = tmp_path_factory.mktemp("documents")
    for folder in (OWN, RECORDINGS):
        if folder.is_dir():
            run("--kit", folder, "--text", "pdfium", "--tables", "rematch", "--out", out)
    yield out


@pytest.mark.parametrize(("text", "tables"), MODES)
@pytest.mark.parametrize("folder", KITS)
def test_kits_reach_their_floors(folder: Path, text: str, tables: str) -> None:
    floor = FLOORS / f"{text}.json"
    code, output = run("--kit", folder, "--text", text, "--tables", tables, "--floor", floor)
    assert code == 0, output


def test_report_and_documents(kit: Path, tmp_path: Path) -> None:
    out, report = tmp_path / "out", tmp_path / "reports" / "report.json"
    code, output = run("--kit", kit, "--out", out, "--json", report)
    assert code == 0
    assert "financial_statement" in output
    made = DoclingDocument.load_from_json(out / "financial_statement.json")
    assert made.export_to_markdown() == (out / "financial_statement.md").read_text()
    (case,) = json.loads(report.read_text())["cases"]
    assert (case["name"], case["kind"]) == ("financial_statement", "docmill")
    assert case["values"]["items"] == case["values"]["texts"] == case["values"]["cells"] == 1.0
    assert case["values"]["markdown_wer"] == 0.0


def test_below_the_floor_is_exit_status_1(kit: Path, tmp_path: Path) -> None:
    predictions = kit / "financial_statement.predictions.json"
    recorded = json.loads(predictions.read_text())
    for page in recorded["pages"]:
        for region in page["layout"]:
            if region["label"] == "section_header":
                region["label"] = "text"
    predictions.write_text(json.dumps(recorded))
    floor = tmp_path / "floor.json"
    floor.write_text('{"default": {"items": 1}}')
    code, output = run("--kit", kit, "--floor", floor)
    assert code == 1
    assert "financial_statement: items" in output
    floor.write_text(
        '{"default": {"items": 1}, "cases": {"financial_statement": {"items": 0.5, "why": "test"}}}'
    )
    assert run("--kit", kit, "--floor", floor)[0] == 0


def test_differences_are_shown(kit: Path) -> None:
    cells = kit / "financial_statement.cells.json"
    cells.write_text(cells.read_text().replace("Revenue", "Income"))
    code, output = run("--kit", kit, "--tables", "rematch", "--differences")
    assert code == 0
    assert "Revenue" in output
    assert "Income" in output


def test_a_case_without_recorded_text_is_skipped_and_said(kit: Path) -> None:
    (kit / "financial_statement.cells.json").unlink()
    code, output = run("--kit", kit, "--text", "recorded")
    assert code == 1
    assert "no recorded text" in output
    assert run("--kit", kit, "--text", "pdfium")[0] == 0


def test_cases_may_share_a_pdf_and_have_some_of_its_pages(kit: Path, tmp_path: Path) -> None:
    recorded = json.loads((kit / "financial_statement.predictions.json").read_text())
    recorded |= {"case": "financial_statement.derived", "kind": "derived", "pages": recorded["pages"][:1]}
    (kit / "financial_statement.derived.predictions.json").write_text(json.dumps(recorded))
    expected = json.loads((kit / "financial_statement.expected.json").read_text())
    (kit / "financial_statement.derived.expected.json").write_text(json.dumps(expected))
    shutil.copy(kit / "financial_statement.pdf", kit / "copy.pdf")
    for name in ("predictions", "cells", "expected"):
        shutil.copy(kit / f"financial_statement.{name}.json", kit / f"copy.{name}.json")
    predictions = kit / "copy.predictions.json"
    predictions.write_text(predictions.read_text().replace('"financial_statement.pdf"', '"copy.pdf"'))
    out = tmp_path / "out"
    run("--kit", kit, "--out", out)
    pages = {path.stem: len(DoclingDocument.load_from_json(path).pages) for path in out.glob("*.json")}
    assert pages == {"financial_statement": 2, "financial_statement.derived": 1, "copy": 2}


def test_unusable_cases_are_said_and_the_others_made(kit: Path) -> None:
    (kit / "broken.predictions.json").write_text("{")
    (kit / "lost.predictions.json").write_text('{"pdf": "../lost.pdf", "pages": []}')
    cases, skipped = read_cases(kit)
    assert [case.name for case in cases] == ["financial_statement"]
    assert "cannot be read" in skipped["broken"]
    assert skipped["lost"] == "lost.pdf is missing"


def test_misuse(kit: Path, tmp_path: Path) -> None:
    assert run("--kit", kit, "--text", "ocr")[0] == 2
    assert run("--kit", kit, "--tables", "none")[0] == 2
    assert run("--kit", kit, "--cases", "nothing")[0] == 2
    assert run("--kit", tmp_path / "nowhere")[0] == 2
    floor = tmp_path / "floor.json"
    floor.write_text('{"default": {"item": 1}}')
    assert run("--kit", kit, "--floor", floor)[0] == 2


def test_floors() -> None:
    floor = Floor.of(read_floor(FLOORS / "recorded.json"), case="amt_handbook_sample", kind="recorded")
    assert floor.items == 0.965
    assert floor.box_pt == 0.01
    assert list(shortfalls(floor, {"items": 0.97, "box_pt": 0.01})) == []
    assert len(list(shortfalls(floor, {"items": 0.9, "box_pt": 0.02}))) == 2
    with pytest.raises(KitError):
        read_floor(Path(__file__))


def test_a_document_compared_with_itself_and_with_nothing() -> None:
    document = load_document(OWN / "financial_statement.expected.json")
    same = compare(document, document)
    assert same.differences == []
    assert same.labels_equal
    assert (same.items.value, same.texts.value, same.cells.value, same.markdown_wer) == (1, 1, 1, 0)
    assert same.items.of > 10
    empty = compare(document, DoclingDocument(name="empty"))
    assert (empty.items.hit, empty.texts.hit, empty.cells.hit, empty.shapes.hit) == (0, 0, 0, 0)
    assert empty.markdown_wer == 1.0


def test_compare_tells_what_differs() -> None:
    document = load_document(OWN / "financial_statement.expected.json")
    changed = document.model_copy(deep=True)
    changed.texts[0].text += "  more"
    changed.texts[1].prov[0].bbox.l += 1.5
    next(cell for cell in changed.tables[0].data.table_cells if cell.text).text = "other"
    changed.delete_items(node_items=[changed.texts[-1]])
    score = compare(document, changed)
    kinds = {difference.what for difference in score.differences}
    assert {"text", "box", "cell", "item"} <= kinds
    assert score.box_pt == 1.5
    assert score.items.hit == score.items.of - 1


def test_right_to_left_documents_are_known() -> None:
    document = load_document(OWN / "arabic.expected.json")
    assert compare(document, document).rtl


def test_documents_go_through_docling_core_and_back_without_warnings(
    documents: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    paths = sorted(documents.glob("*.json"))
    assert paths
    for path in paths:
        caplog.clear()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            document = DoclingDocument.load_from_json(path)
            assert document.validate_tree(document.body)
            for name in FORMATS:
                assert export(document, name).strip(), name
            document.save_as_json(tmp_path / path.name)
            assert DoclingDocument.load_from_json(tmp_path / path.name) == document
        assert [record.message for record in caplog.records] == [], path.name
