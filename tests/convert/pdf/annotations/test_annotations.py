"""Notes and stamps on a page, as several viewers write them, and what is shown on demand only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pikepdf import Array, Dictionary, Name, String
from reportlab.pdfgen import canvas

from docmill.pipeline.convert.pdf.page_reader import read_page
from docmill.pipeline.convert.pdf.pdf import Pdf
from docmill.pipeline.convert.types import PageContent
from tests.convert.pdf_builder import Builder, text

RICH = (
    '<?xml version="1.0"?><body xmlns="http://www.w3.org/1999/xhtml" style="font-size:11pt">'
    '<p dir="ltr">Bar &amp; <b>Sons</b></p><p>second\nline<br/>third</p></body>'
)


def note(kind: str, rect: tuple[float, ...], **keys: Any) -> Dictionary:
    return Dictionary(Type=Name.Annot, Subtype=Name("/" + kind), Rect=Array(list(rect)), F=4, **keys)


def appearance(builder: Builder, content: str, width: float, height: float) -> Dictionary:
    form = builder.form(content)
    form.BBox = Array([0, 0, width, height])
    return Dictionary(N=form)


def read(path: Path, builder: Builder, *annotations: Dictionary) -> PageContent:
    page = builder.pdf.pages[0]
    page.obj.Annots = Array(list(annotations))
    with Pdf.open(builder.save(path / "page.pdf")) as pdf:
        return read_page(pdf, 1)


@pytest.fixture
def builder() -> Builder:
    made = Builder()
    made.page(text(72, 700, "Name:", size=11) + text(72, 670, "Town:", size=11))
    return made


def lines(page: PageContent) -> list[str]:
    for cell in page.cells:
        words = page.words[cell.first : cell.first + cell.count]
        assert " ".join(word.text for word in words) == cell.text
    return [cell.text for cell in page.cells]


@pytest.mark.parametrize("kind", ["FreeText", "Stamp", "Watermark"])
def test_text_of_an_appearance_stands_where_it_is_shown(tmp_path: Path, builder: Builder, kind: str) -> None:
    shown = appearance(builder, text(2, 4, "Alex Sample", size=11), 240, 18)
    page = read(tmp_path, builder, note(kind, (182, 696, 422, 714), AP=shown, Contents=String("a comment")))
    [word] = [word for word in page.words if word.text == "Alex"]
    assert "Alex Sample" in " ".join(lines(page))
    assert (word.box.l, page.height - word.box.b) == pytest.approx((184, 700), abs=3)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        pytest.param({"Contents": String("Alex Sample")}, ["Alex Sample"], id="contents"),
        pytest.param({"Contents": String("Álex\rof Ulm")}, ["Álex", "of Ulm"], id="lines"),
        pytest.param({"RC": String(RICH)}, ["Bar & Sons", "second line", "third"], id="rich text"),
        pytest.param(
            {"Contents": String("a longer remark that is wrapped"), "DA": String("0 g /Helv 20 Tf")},
            ["a longer", "remark that", "is wrapped"],
            id="wrapped",
        ),
        pytest.param({"Contents": String("x"), "DA": String("/Helv 0 Tf")}, ["x"], id="size left open"),
        pytest.param({"Contents": String("x"), "DA": String("/Helv big Tf")}, ["x"], id="no size"),
    ],
)
def test_a_note_without_an_appearance_is_set_in_its_box(
    tmp_path: Path, builder: Builder, keys: dict[str, Any], expected: list[str]
) -> None:
    page = read(tmp_path, builder, note("FreeText", (182, 500, 312, 600), **keys))
    assert lines(page) == ["Name:", "Town:", *expected]
    tops = [cell.box.t for cell in page.cells[2:]]
    assert tops == sorted(set(tops)) and tops[0] == pytest.approx(192)
    assert all(cell.box.l >= 182 for cell in page.cells[2:])


def test_a_note_whose_appearance_draws_no_text(tmp_path: Path, builder: Builder) -> None:
    frame = appearance(builder, "0 0 100 18 re S\n", 100, 18)
    page = read(tmp_path, builder, note("FreeText", (182, 696, 282, 714), AP=frame, Contents=String("Ulm")))
    assert " ".join(lines(page)).count("Ulm") == 1


def test_a_note_is_written_once(tmp_path: Path, builder: Builder) -> None:
    shown = appearance(builder, text(2, 4, "Alex  Sam", size=11) + text(50, 4, "ple", size=11), 240, 18)
    rect = (182, 696, 422, 714)
    page = read(tmp_path, builder, note("FreeText", rect, AP=shown, Contents=String("Alex Sam ple")))
    assert "".join(lines(page)).count("Sam") == 1


def test_values_follow_their_labels(tmp_path: Path, builder: Builder) -> None:
    notes = [
        note(
            "FreeText", (182, y - 4, 422, y + 14), AP=appearance(builder, text(2, 4, said, size=11), 240, 18)
        )
        for y, said in ((670, "Ulm"), (700, "Alex Sample"))
    ]
    page = read(tmp_path, builder, *notes)
    assert lines(page) == ["Name: Alex Sample", "Town: Ulm"]


def test_values_of_fields_follow_their_labels(tmp_path: Path) -> None:
    path = tmp_path / "form.pdf"
    page = canvas.Canvas(str(path), pagesize=(612, 792))
    for y, label in ((700, "Name:"), (670, "Town:")):
        page.drawString(72, y, label)
    for y, value in ((670, "Ulm"), (700, "Alex Sample")):
        page.acroForm.textfield(name=value, value=value, x=182, y=y - 5, width=200, height=18, fontSize=11)
    page.save()
    with Pdf.open(path) as pdf:
        assert lines(read_page(pdf, 1)) == ["Name: Alex Sample", "Town: Ulm"]


@pytest.mark.filterwarnings("ignore:This document has:UserWarning")
def test_fields_without_a_form_show_their_values(tmp_path: Path, builder: Builder) -> None:
    shown = appearance(builder, text(2, 4, "Ulm", size=11), 240, 18)
    rect = (182, 666, 422, 684)
    page = read(tmp_path, builder, note("Widget", rect, FT=Name.Tx, T=String("a"), V=String("Ulm"), AP=shown))
    assert lines(page) == ["Name:", "Town: Ulm"]
    empty = read(tmp_path, builder, note("Widget", rect, FT=Name.Tx, T=String("a")))
    assert lines(empty) == ["Name:", "Town:"]


def test_a_label_of_several_fields_and_one_without_a_colon_are_lines_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "form.pdf"
    page = canvas.Canvas(str(path), pagesize=(612, 792))
    page.drawString(72, 700, "Dates:")
    page.drawString(72, 670, "Town")
    for x, y, value in ((300, 700, "May"), (182, 700, "April"), (182, 670, "Ulm")):
        page.acroForm.textfield(name=value, value=value, x=x, y=y - 5, width=90, height=18, fontSize=11)
    page.save()
    with Pdf.open(path) as pdf:
        assert lines(read_page(pdf, 1)) == ["Dates:", "April", "May", "Town", "Ulm"]


@pytest.mark.parametrize(
    "hidden",
    [
        pytest.param(("Text", {"Contents": String("a comment")}), id="a comment"),
        pytest.param(("Popup", {"Contents": String("a comment")}), id="its window"),
        pytest.param(("Highlight", {"Contents": String("a comment")}), id="on a marking"),
        pytest.param(("FreeText", {"Contents": String("gone"), "F": 2}), id="hidden"),
        pytest.param(("FreeText", {"Contents": String("gone"), "F": 32}), id="not to be viewed"),
        pytest.param(("FreeText", {"Contents": String("  ")}), id="empty"),
        pytest.param(("Stamp", {"Contents": String("a comment")}), id="on a stamp"),
    ],
)
def test_what_is_not_on_the_page_is_not_read(
    tmp_path: Path, builder: Builder, hidden: tuple[str, dict[str, Any]]
) -> None:
    kind, keys = hidden
    annotation = note(kind, (182, 600, 312, 690))
    for key, value in keys.items():
        annotation[f"/{key}"] = value
    assert lines(read(tmp_path, builder, annotation)) == ["Name:", "Town:"]
