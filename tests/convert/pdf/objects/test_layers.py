"""Text of layers that are off is left out and counted; all other text stays."""

from __future__ import annotations

from pathlib import Path

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, String

from docmill.pipeline.convert.pdf.file_scan import FileMarks, scan_file
from docmill.pipeline.convert.pdf.page_reader import read_page
from docmill.pipeline.convert.pdf.pdf import Pdf
from docmill.pipeline.convert.types import PageContent
from tests.convert.pdf_builder import Builder, text

SHOWN, HIDDEN = "Shown on the page", "Answers 42"


class Layered:
    """A page with the layers `a` and `b`, of which some are off."""

    def __init__(self, *off: str) -> None:
        self.builder = Builder()
        make = self.builder.pdf.make_indirect
        self.groups = {
            name: make(Dictionary(Type=Name.OCG, Name=String(f"Layer {name}"))) for name in ("a", "b")
        }
        self.builder.pdf.Root.OCProperties = Dictionary(
            OCGs=Array(list(self.groups.values())),
            D=Dictionary(OFF=Array([self.groups[name] for name in off])),
        )

    def page(self, content: str, xobjects: dict[str, pikepdf.Stream] | None = None) -> None:
        page = self.builder.page(content, xobjects=xobjects)
        page.obj.Resources.Properties = Dictionary({f"/{name}": group for name, group in self.groups.items()})

    def read(self, path: Path, *, compressed: bool = False) -> PageContent:
        path /= "page.pdf"
        streams = pikepdf.ObjectStreamMode.generate if compressed else pikepdf.ObjectStreamMode.disable
        self.builder.pdf.save(path, object_stream_mode=streams)
        with Pdf.open(path) as pdf:
            assert pdf.marks.layers
            return read_page(pdf, 1)


def marked(layer: str, content: str) -> str:
    return f"/OC /{layer} BDC\n{content}EMC\n"


def lines(page: PageContent) -> list[str]:
    return [cell.text for cell in page.cells]


@pytest.mark.parametrize("compressed", [False, True])
def test_a_layer_that_is_off(tmp_path: Path, compressed: bool) -> None:
    layered = Layered("a")
    layered.page(
        text(72, 700, SHOWN)
        + marked("a", text(72, 600, HIDDEN) + "72 500 100 40 re f\n")
        + marked("b", text(72, 400, "Second"))
    )
    page = layered.read(tmp_path, compressed=compressed)
    assert lines(page) == [SHOWN, "Second"]
    assert page.left_out == {"hidden_layer": 9}
    assert page.shapes == []


def test_layers_that_are_on(tmp_path: Path) -> None:
    layered = Layered()
    layered.page(text(72, 700, SHOWN) + marked("a", text(72, 600, HIDDEN)))
    page = layered.read(tmp_path)
    assert (lines(page), page.left_out) == ([SHOWN, HIDDEN], {})


def test_two_languages_in_one_place(tmp_path: Path) -> None:
    """Of which one is off: there is ink where the other one's text would be."""
    layered = Layered("b")
    layered.page(marked("a", text(72, 700, "Good day")) + marked("b", text(72, 700, "Guten Tag")))
    assert lines(layered.read(tmp_path)) == ["Good day"]


def test_forms_that_layers_hide(tmp_path: Path) -> None:
    layered = Layered("a")
    forms = {name: layered.builder.form(text(72, y, name)) for name, y in (("Gone", 600), ("There", 500))}
    forms["Gone"].OC = layered.groups["a"]
    outer = layered.builder.form("/Gone Do /There Do " + text(72, 400, "Outer"), xobjects=forms)
    layered.page(text(72, 700, SHOWN) + "/Outer Do", {"Outer": outer})
    assert sorted(lines(layered.read(tmp_path))) == ["Outer", SHOWN, "There"]


def test_membership_of_several_layers(tmp_path: Path) -> None:
    layered = Layered("a", "b")
    both = Dictionary(Type=Name.OCMD, OCGs=Array(list(layered.groups.values())), P=Name.AllOn)
    layered.groups["m"] = layered.builder.pdf.make_indirect(both)
    layered.page(text(72, 700, SHOWN) + marked("m", text(72, 600, HIDDEN)))
    assert lines(layered.read(tmp_path)) == [SHOWN]


def test_an_ocr_layer_is_not_shown_and_stays(tmp_path: Path) -> None:
    """As marked content and as a form, in a document of layers: it would draw nothing anyway."""
    layered = Layered("b")
    form = layered.builder.form("3 Tr " + text(72, 500, "Read in a form"))
    layered.page("3 Tr " + marked("a", text(72, 600, "Read in a scan")) + "/Ocr Do 0 Tr", {"Ocr": form})
    assert lines(layered.read(tmp_path)) == ["Read in a scan", "Read in a form"]


def test_documents_without_layers_are_not_searched(tmp_path: Path) -> None:
    builder = Builder()
    builder.page(text(72, 700, SHOWN))
    for mode in (pikepdf.ObjectStreamMode.generate, pikepdf.ObjectStreamMode.disable):
        path = tmp_path / "plain.pdf"
        builder.pdf.save(path, object_stream_mode=mode)
        assert scan_file(path) == FileMarks()
    path.write_bytes(b"%PDF-1.7 /ObjStm stream\nnot compressed /ObjStm")
    assert scan_file(path) == FileMarks()
