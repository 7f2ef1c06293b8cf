"""The sample PDFs are what their script makes, and what `expected.json` says of them is true."""

from __future__ import annotations

import importlib.metadata
import json
import platform
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
import pytest

from docmill.pipeline.convert.errors import document_error
from tests.samples.make_samples import SAMPLES

FOLDER = Path(__file__).parent / "samples"
LOCK = Path(__file__).parents[1] / "requirements.lock"
EXPECTED: dict[str, Any] = json.loads((FOLDER / "expected.json").read_text("utf-8"))
MAKERS = ("numpy", "pikepdf", "pillow", "pypdfium2", "reportlab", "typst")
#: Text that PDFium can search: not scans, and not right-to-left text, whose order is docmill's task.
SEARCHABLE = [
    name
    for name, facts in EXPECTED.items()
    if "pages" in facts and not facts.get("ocr") and not facts.get("rtl")
]


def makers_are_locked() -> bool:
    """Whether the installed makers are those of requirements.lock, on the kind of machine it was used on."""
    pins = set(re.findall(r"^([a-z0-9-]+)==(\S+)", LOCK.read_text("utf-8"), flags=re.MULTILINE))
    assert {name for name, _ in pins} >= set(MAKERS)
    installed = {(maker, importlib.metadata.version(maker)) for maker in MAKERS}
    return platform.machine() == "x86_64" and installed <= pins


def open_sample(name: str) -> pypdfium2.PdfDocument:
    return pypdfium2.PdfDocument(FOLDER / name, password=EXPECTED[name].get("password"))


def page_text(document: pypdfium2.PdfDocument, index: int) -> str:
    """The text in the crop box: one space between words, soft hyphens at line ends closed up."""
    page = document[index]
    left, bottom, right, top = page.get_bbox()
    text = page.get_textpage().get_text_bounded(left, bottom, right, top)
    return joined(re.sub("[\x02\ufffe\u00ad]\\s*", "", text))


def joined(text: str) -> str:
    return " ".join(text.split())


def statements(facts: dict[str, Any]) -> Iterator[str]:
    """Every text that `expected.json` says stands on the pages."""
    for key in (
        "sentences", "in_order", "captions", "footnotes", "page_headers", "page_footers", "labels", "checked",
        "unchecked",
    ):  # fmt: skip
        yield from facts.get(key, [])
    for heading in facts.get("headings", []):
        yield heading["text"]
    for item in facts.get("list_items", []):
        yield item["text"]
    for title, _ in facts.get("contents", {}).get("entries", []):
        yield title
    for code in facts.get("code", []):
        yield from code["lines"]


def test_every_file_is_described_and_made() -> None:
    files = {path.name for path in FOLDER.glob("*.pdf")}
    assert files == set(SAMPLES) == set(EXPECTED)


def test_readme_lists_every_file() -> None:
    readme = (FOLDER / "README.md").read_text("utf-8")
    assert set(re.findall(r"^\| `(\S+\.pdf)`", readme, flags=re.MULTILINE)) == set(SAMPLES)


@pytest.mark.parametrize("name", SAMPLES)
def test_the_script_makes_the_committed_file(name: str) -> None:
    if not makers_are_locked():
        pytest.skip("other versions or machines may write other bytes")
    assert SAMPLES[name]() == (FOLDER / name).read_bytes(), "run python -m tests.samples.make_samples"


def test_the_samples_are_small() -> None:
    assert sum((FOLDER / name).stat().st_size for name in SAMPLES) < 3_000_000
    assert (FOLDER / "many_pages.pdf").stat().st_size < 1_000_000


@pytest.mark.parametrize("name", EXPECTED)
def test_outcomes_and_reasons_are_known(name: str) -> None:
    facts = EXPECTED[name]
    reasons = [*([facts["reason"]] if "reason" in facts else []), *facts.get("failed_pages", {}).values()]
    assert {"converted": not reasons, "partial": "failed_pages" in facts, "quarantined": "reason" in facts}[
        facts["outcome"]
    ]
    for reason in reasons:
        assert document_error(reason, "").reason == reason


@pytest.mark.parametrize("name", [name for name, facts in EXPECTED.items() if "pages" in facts])
def test_pdfium_opens_the_pages(name: str) -> None:
    with open_sample(name) as document:
        assert len(document) == EXPECTED[name]["pages"]
        for number in range(1, min(len(document), 20) + 1):
            if EXPECTED[name].get("failed_pages", {}).get(str(number)) == "page_failed":
                with pytest.raises(pypdfium2.PdfiumError):
                    document[number - 1]
            else:
                assert document[number - 1].get_width() > 0
        if size := EXPECTED[name].get("page_size"):
            assert document.get_page_size(0) == pytest.approx(size)


@pytest.mark.parametrize("name", ["truncated.pdf", "zero_pages.pdf", "not_a_pdf.pdf", "encrypted.pdf"])
def test_pdfium_refuses_the_file(name: str) -> None:
    with pytest.raises(pypdfium2.PdfiumError):
        pypdfium2.PdfDocument(FOLDER / name)


@pytest.mark.parametrize("name", SEARCHABLE)
def test_the_expected_text_stands_in_the_file(name: str) -> None:
    facts = EXPECTED[name]
    broken = {int(page) - 1 for page, why in facts.get("failed_pages", {}).items() if why == "page_failed"}
    with open_sample(name) as document:
        pages = ["" if index in broken else page_text(document, index) for index in range(len(document))]
    text = " ".join(pages)
    assert [wanted for wanted in statements(facts) if joined(wanted) not in text] == []
    for table in facts.get("tables", []):
        lost = [cell["text"] for cell in table["cells"] if cell["text"] not in pages[table["page"] - 1]]
        assert lost == []
    assert not [unwanted for unwanted in facts.get("absent", []) if unwanted in text]


@pytest.mark.parametrize("name", ["arabic.pdf", "hebrew.pdf"])
def test_right_to_left_words_stand_in_the_file(name: str) -> None:
    with open_sample(name) as document:
        words = set(re.findall(r"\w+", page_text(document, 0)))
    wanted = set(re.findall(r"\w+", " ".join(EXPECTED[name]["sentences"])))
    assert wanted - words == set()


@pytest.mark.parametrize("name", [name for name, facts in EXPECTED.items() if facts.get("ocr")])
def test_scans_have_an_image_and_no_text(name: str) -> None:
    with open_sample(name) as document:
        assert page_text(document, 0) == ""
        kinds = [item.type for item in document[0].get_objects()]
    assert kinds == [pypdfium2.raw.FPDF_PAGEOBJ_IMAGE]


def test_the_report_has_bookmarks() -> None:
    with open_sample("annual_report.pdf") as document:
        found = [
            (joined(mark.get_title()), mark.level + 1, mark.get_dest().get_index() + 1)
            for mark in document.get_toc()
        ]
    entries = EXPECTED["annual_report.pdf"]["outline"]
    assert found == [(entry["title"], entry["level"], entry["page"]) for entry in entries]


def test_the_report_has_links() -> None:
    with pikepdf.open(FOLDER / "annual_report.pdf") as document:
        annotations = [note for page in document.pages for note in page.get("/Annots", [])]
        found = [str(note.A.URI) for note in annotations if "/A" in note and "/URI" in note.A]
    assert list(dict.fromkeys(found)) == EXPECTED["annual_report.pdf"]["links"]


def test_the_form_has_fields() -> None:
    facts = EXPECTED["form.pdf"]
    with pikepdf.open(FOLDER / "form.pdf") as document:
        fields = list(document.Root.AcroForm.Fields)
        texts = {str(field.T): str(field.get("/V", "")) for field in fields if field.FT in ("/Tx", "/Ch")}
        boxes = [field for field in fields if field.FT == "/Btn" and "/Kids" not in field]
        checked = [str(field.TU) for field in boxes if field.V != "/Off"]
        kinds = [str(field.V) for field in fields if "/Kids" in field]
    assert texts == facts["fields"]
    assert len(boxes) == 8
    assert kinds == ["/adult"]
    assert ["Adult", *checked] == facts["checked"]
