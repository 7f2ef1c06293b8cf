"""What `read_page` finds on a page: coordinates, drawings, links, form fields, and what needs OCR."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from pikepdf import Array, Dictionary, Name, String
from reportlab.pdfgen import canvas

from docmill.pipeline.convert.pdf.page_reader import read_page
from docmill.pipeline.convert.pdf.pdf import Pdf
from docmill.pipeline.convert.types import Box, PageContent
from tests.convert.pdf_builder import Builder, text

#: Text, a stroked rectangle, a line, a thin filled bar and a triangle.
DRAWING = (
    text(100, 700, "Upright text", size=10)
    + "1 w 100 600 200 60 re S\n100 550 m 300 550 l S\n100 500 0.8 30 re f\n"
    + "200 400 m 260 400 l 230 450 l h f\n"
)


def read(path: Path, builder: Builder, number: int = 1) -> PageContent:
    with Pdf.open(builder.save(path / "page.pdf")) as pdf:
        return read_page(pdf, number)


def corners(box: Box) -> tuple[float, ...]:
    return (box.l, box.t, box.r, box.b)


def shown(content: PageContent) -> list[float]:
    """All coordinates on the page, in one list."""
    boxes = [word.box for word in content.words] + content.bitmaps + content.shapes
    rulings = sorted((r.x0, r.y0, r.x1, r.y1) for r in content.rulings)
    return [value for box in boxes for value in corners(box)] + [
        value for ruling in rulings for value in ruling
    ]


#: Per /Rotate: the matrix that draws a page so that it shows, once turned, as the unturned one.
TURNED = {
    90: "0 1 -1 0 {height} 0 cm\n",
    180: "-1 0 0 -1 {width} {height} cm\n",
    270: "0 -1 1 0 0 {width} cm\n",
}


@pytest.mark.parametrize("rotate", [90, 180, 270])
def test_a_turned_and_cropped_page_reads_as_it_is_shown(tmp_path: Path, rotate: int) -> None:
    upright = Builder()
    upright.page(DRAWING)
    expected = read(tmp_path, upright)
    width, height, left, bottom = 612, 792, 33, 44
    content = f"1 0 0 1 {left} {bottom} cm\n" + TURNED[rotate].format(width=width, height=height) + DRAWING
    stored = (height, width) if rotate in (90, 270) else (width, height)
    turned = Builder()
    turned.page(
        content,
        size=(0, 0, 1000, 1000),
        crop=(left, bottom, left + stored[0], bottom + stored[1]),
        rotate=rotate,
    )
    found = read(tmp_path, turned)
    assert (found.width, found.height, found.rotation) == (612, 792, rotate)
    assert [line.text for line in found.cells] == ["Upright text"]
    assert [word.angle for word in found.words] == [0, 0]
    assert shown(found) == pytest.approx(shown(expected), abs=0.01)


def test_rulings_and_shapes(tmp_path: Path) -> None:
    builder = Builder()
    builder.page(DRAWING)
    page = read(tmp_path, builder)
    rulings = {tuple(round(value) for value in (r.x0, r.y0, r.x1, r.y1)) for r in page.rulings}
    sides = {(100, 132, 300, 132), (100, 192, 300, 192), (100, 132, 100, 192), (300, 132, 300, 192)}
    assert rulings == sides | {(100, 242, 300, 242), (100, 262, 100, 292)}
    assert [r.horizontal for r in page.rulings].count(True) == 3
    assert [corners(shape) for shape in page.shapes] == [pytest.approx((200, 342, 260, 392), abs=0.01)]


@pytest.mark.parametrize(
    "content",
    [
        "8 w 100 500 m 300 500 l S",  # a thick bar is a shape
        "100 500 m 300 600 l S",  # slanted
        "100 500 m 150 600 250 600 300 500 c S",  # curved
        "100 500 200 100 re n",  # not painted
        "100 500 2 2 re f",  # a dot
        "100 900 m 300 900 l S",  # above the page
    ],
)
def test_what_is_no_ruling(tmp_path: Path, content: str) -> None:
    builder = Builder()
    builder.page(content)
    assert read(tmp_path, builder).rulings == []


def test_forms_in_forms_are_placed_by_all_their_matrices(tmp_path: Path) -> None:
    builder = Builder()
    inner = builder.form(
        "q 50 0 0 20 5 5 cm /Im Do Q 0 0 100 0.5 re f " + text(10, 40, "Deep"),
        matrix=(2, 0, 0, 2, 10, 20),
        xobjects={"Im": builder.image()},
    )
    outer = builder.form("q 1 0 0 1 100 0 cm /In Do Q", matrix=(1, 0, 0, 1, 0, 300), xobjects={"In": inner})
    builder.page("1 0 0 1 7 3 cm /Out Do", xobjects={"Out": outer})
    page = read(tmp_path, builder)
    left, bottom = 7 + 100 + 10, 3 + 300 + 20
    assert [corners(box) for box in page.bitmaps] == [
        pytest.approx((left + 10, 792 - bottom - 50, left + 110, 792 - bottom - 10), abs=0.01)
    ]
    (ruling,) = page.rulings
    assert (ruling.x0, ruling.x1) == pytest.approx((left, left + 200))
    assert ruling.y0 == pytest.approx(792 - bottom - 0.5)
    (word,) = page.words
    assert (word.text, word.size) == ("Deep", 24.0)
    assert word.box.l == pytest.approx(left + 20, abs=0.5)


def test_a_form_that_draws_itself_ends(tmp_path: Path) -> None:
    builder = Builder()
    form = builder.form("10 10 200 0.5 re f /Self Do")
    form.Resources.XObject["/Self"] = form
    builder.page("/Self Do", xobjects={"Self": form})
    assert len(read(tmp_path, builder).rulings) >= 1


def link(box: tuple[float, ...], **entries: object) -> Dictionary:
    named = {f"/{key}": value for key, value in entries.items()}
    return Dictionary({"/Type": Name.Annot, "/Subtype": Name.Link, "/Rect": Array(list(box))} | named)


def test_links(tmp_path: Path) -> None:
    builder = Builder()
    page = builder.page(text(100, 700, "see there"))
    builder.page()
    uri = Dictionary(S=Name.URI, URI=String("https://example.org/a?b=c"))
    quads = Array([100, 712, 200, 712, 100, 698, 200, 698, 50, 700, 80, 700, 50, 690, 80, 690])
    page.obj.Annots = Array(
        [
            link((100, 690, 200, 710), A=uri),
            link((50, 690, 200, 712), A=uri, QuadPoints=quads),
            link((100, 600, 200, 620), Dest=Array([builder.pdf.pages[1].obj, Name.Fit])),
            link((100, 500, 200, 520), A=Dictionary(S=Name.Launch, F=String("evil.exe"))),
            link((100, 5000, 200, 5020), A=uri),
            Dictionary(
                Type=Name.Annot, Subtype=Name.Text, Rect=Array([0, 0, 20, 20]), Contents=String("note")
            ),
        ]
    )
    found = read(tmp_path, builder).links
    assert [(corners(item.box), item.uri, item.page) for item in found] == [
        ((100, 82, 200, 102), "https://example.org/a?b=c", None),
        ((100, 80, 200, 94), "https://example.org/a?b=c", None),
        ((50, 92, 80, 102), "https://example.org/a?b=c", None),
        ((100, 172, 200, 192), None, 2),
    ]


@pytest.fixture
def filled_form(tmp_path: Path) -> Iterator[Pdf]:
    path = tmp_path / "form.pdf"
    page = canvas.Canvas(str(path), pagesize=(612, 792))
    page.drawString(72, 720, "Name")
    form = page.acroForm
    form.textfield(
        name="name", value="Ada Lovelace", x=120, y=712, width=200, height=20, fontSize=10, borderWidth=0
    )
    form.textfield(name="empty", value="", x=120, y=680, width=200, height=20)
    form.checkbox(name="yes", checked=True, x=120, y=650, size=14)
    form.checkbox(name="no", checked=False, x=150, y=650, size=14)
    form.radio(name="kind", value="a", selected=True, x=120, y=620, size=14)
    form.radio(name="kind", value="b", selected=False, x=150, y=620, size=14)
    form.choice(name="town", value="Porto", options=["Porto", "Lagos"], x=120, y=590, width=100, height=18)
    page.save()
    with Pdf.open(path) as pdf:
        yield pdf


def test_form_fields(filled_form: Pdf) -> None:
    widgets = read_page(filled_form, 1).widgets
    assert [(w.name, w.kind, w.checked) for w in widgets] == [
        ("name", "text", False),
        ("empty", "text", False),
        ("yes", "checkbox", True),
        ("no", "checkbox", False),
        ("kind", "radio", True),
        ("kind", "radio", False),
        ("town", "choice", False),
    ]
    values = {widget.name: widget.value for widget in widgets}
    assert (values["name"], values["empty"], values["town"]) == ("Ada Lovelace", "", "Porto")
    assert corners(widgets[0].box) == pytest.approx((120, 60, 320, 80), abs=1.5)


def test_values_of_form_fields_are_text(filled_form: Pdf) -> None:
    page = read_page(filled_form, 1)
    value = next(line for line in page.cells if line.text == "Ada Lovelace")
    assert value.box.inside(page.widgets[0].box) > 0.9
    assert "Name" in [line.text for line in page.cells]
    assert read_page(filled_form, 1) == page  # reading leaves the document as it was


def scan(builder: Builder, content: str, box: tuple[float, float, float, float]) -> None:
    left, bottom, right, top = box
    image = f"q {right - left} 0 0 {top - bottom} {left} {bottom} cm /Im Do Q "
    builder.page(image + content, xobjects={"Im": builder.image()})


@pytest.mark.parametrize(
    ("content", "box", "expected"),
    [
        ("", (0, 0, 612, 792), [(0, 0, 612, 792)]),  # a scan
        ("", (100, 92, 400, 292), [(100, 500, 400, 700)]),  # one picture on an empty page
        (text(300, 20, "17"), (0, 0, 612, 792), [(0, 0, 612, 792)]),  # a scan with a stamped page number
        (text(72, 700, "A page of text with a picture") * 9, (100, 92, 400, 292), []),
        (
            "3 Tr " + "".join(text(72, 700 - 20 * i, "an OCR layer of many words") for i in range(9)),
            (0, 0, 612, 792),
            [],
        ),
        ("", (100, 92, 120, 112), []),  # an icon
    ],
)
def test_what_needs_ocr(tmp_path: Path, content: str, box: tuple[float, ...], expected: list[object]) -> None:
    builder = Builder()
    scan(builder, content, box)  # type: ignore[arg-type]  # four numbers
    assert [corners(region) for region in read(tmp_path, builder).scanned] == expected


def test_a_scan_in_strips_needs_ocr(tmp_path: Path) -> None:
    builder = Builder()
    strips = "".join(f"q 612 0 0 24 0 {24 * i} cm /Im Do Q " for i in range(33))
    builder.page(strips, xobjects={"Im": builder.image()})
    assert [corners(region) for region in read(tmp_path, builder).scanned] == [(0, 0, 612, 792)]


def test_a_text_layer_of_unmapped_glyphs_needs_ocr(tmp_path: Path) -> None:
    builder = Builder()
    unmapped = Dictionary(
        Type=Name.Font,
        Subtype=Name.TrueType,
        BaseFont=Name("/ABCDEF+Nameless"),
        Encoding=Dictionary(
            Type=Name.Encoding, Differences=Array([65, *(Name(f"/g{i}") for i in range(26))])
        ),
    )
    unmapped.ToUnicode = builder.pdf.make_stream(
        b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap 1 begincodespacerange <00> <FF> "
        b"endcodespacerange 1 beginbfrange <41> <5A> <E041> endbfrange endcmap end end"
    )
    builder.fonts["F9"] = unmapped
    content = [text(72, 700 - 14 * i, "QWERTYUIOPASDFGHJKLZXCVBNM"[i:], font_name="F9") for i in range(5)]
    builder.page("".join(content))
    page = read(tmp_path, builder)
    assert [corners(region) for region in page.scanned] == [(0, 0, 612, 792)]


def test_what_is_left_out_is_counted(tmp_path: Path) -> None:
    builder = Builder()
    clipped = "q 72 590 100 30 re W n " + text(72, 600, "Seen", size=12) + text(300, 600, "Cut off 1") + "Q\n"
    bold = [text(72 + shift, 500, "Bold") for shift in (0, 0.3)]
    between = "".join(text(72, 480 - 12 * i, f"line {i}") for i in range(9))  # else PDFium drops it itself
    content = text(72, 700, "On the page") + text(700, 700, "beside it") + clipped
    builder.page(content + bold[0] + between + bold[1])
    page = read(tmp_path, builder)
    assert [cell.text for cell in page.cells][:3] == ["On the page", "Seen", "Bold"]
    assert page.left_out == {"off_page": 8, "clipped": 7, "duplicate": 4}


def test_fonts_and_styles(tmp_path: Path) -> None:
    builder = Builder()
    builder.page("".join(text(72, 700 - 20 * i, f"font {i}", font_name=f"F{i}") for i in range(1, 5)))
    page = read(tmp_path, builder)
    styles = {(f.bold, f.italic, f.mono) for f in (page.fonts[word.font] for word in page.words)}
    assert styles == {(False, False, False), (True, False, False), (False, True, False), (False, False, True)}


def test_an_empty_page(tmp_path: Path) -> None:
    builder = Builder()
    builder.page()
    assert read(tmp_path, builder) == PageContent(number=1, width=612.0, height=792.0)


@pytest.mark.parametrize(
    "content",
    [
        "BT /F1 0 Tf 9 9 Td (zero) Tj /F1 -12 Tf (neg) Tj /F1 1e30 Tf (big) Tj 0 0 0 0 9 9 Tm (flat) Tj ET",
        "1e38 0 0 1e38 0 0 cm 0 0 1e38 1e38 re S BT /F1 12 Tf (far) Tj ET q 1e38 0 0 1 0 0 cm /Im Do Q",
        "BT /None 12 Tf 50 50 Td (no such font) Tj ET /Nothing Do Q Q Q",
        "0 0 m l l l S h f re",
        "BT /F1 12 Tf 1 0 0 1 99999999999 5 Tm (away) Tj ET",
    ],
)
def test_senseless_content_is_read_without_an_error(tmp_path: Path, content: str) -> None:
    builder = Builder()
    builder.page(content, xobjects={"Im": builder.image()})
    page = read(tmp_path, builder)
    assert json.loads(msgspec.json.encode(page))["number"] == 1
    for box in [word.box for word in page.words] + page.bitmaps + page.shapes:
        assert box.l <= box.r
        assert box.t <= box.b


def test_thousands_of_paths_are_capped(tmp_path: Path) -> None:
    builder = Builder()
    builder.page("".join(f"{i % 500} {i % 700} 20 10 re S " for i in range(20_000)))
    page = read(tmp_path, builder)
    assert len(page.rulings) <= 5_000
    assert len(page.shapes) <= 5_000


def test_pages_survive_encoding(tmp_path: Path) -> None:
    builder = Builder()
    builder.page(DRAWING)
    page = read(tmp_path, builder)
    assert msgspec.json.decode(msgspec.json.encode(page), type=PageContent) == page


def test_an_image_without_size_is_harmless(tmp_path: Path) -> None:
    builder = Builder()
    image = builder.image()
    image.Width = 0
    builder.page("q 100 0 0 100 50 50 cm /Im Do Q " + text(72, 700, "text"), xobjects={"Im": image})
    assert [line.text for line in read(tmp_path, builder).cells] == ["text"]
