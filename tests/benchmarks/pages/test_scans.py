"""Scans of a made document: where its lines are on them, and what is in their text layers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

import pypdfium2 as pdfium
import pytest

from benchmarks.pages.making import MadeDocument, make_documents
from benchmarks.pages.scans.look import Layer, ScanLook, draw_look
from benchmarks.pages.scans.scanning import on_scan, write_scan
from benchmarks.pages.scoring.outcome import letters
from benchmarks.pages.setters.programs import Setter, Typst
from benchmarks.pages.sources.catalogue import own_sources
from docmill.pipeline.convert.pdf.page_reader import read_page
from docmill.pipeline.convert.pdf.pdf import Pdf

PLAIN = ScanLook(
    dpi=150,
    colours="grey",
    quality=80,
    skew=0.0,
    turn=0,
    shift=0.0,
    edge=0.0,
    edge_tone=90,
    paper_tone=250,
    contrast=1.0,
    blur=0.0,
    spread=0.0,
    noise=0.0,
    specks=0,
    shadow=0.0,
    curved=True,
    through=0.0,
    layer=Layer.GOOD,
)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> MadeDocument:
    folder = tmp_path_factory.mktemp("drawn")
    return make_documents(1, 3, own_sources(), {"typst": Typst()}, folder, pytest.fail)[0]


@pytest.mark.parametrize(
    "look",
    [
        PLAIN,
        replace(PLAIN, colours="bitonal", skew=2.0, shift=10.0),
        replace(PLAIN, colours="colour", skew=1.0, edge=20.0, shadow=0.4, noise=5.0),
        replace(PLAIN, turn=90, skew=1.0),
        replace(PLAIN, turn=180, edge=15.0),
        replace(PLAIN, turn=270, dpi=200),
    ],
)
def test_lines_are_where_the_scan_has_ink(drawn: MadeDocument, look: ScanLook, tmp_path: Path) -> None:
    pdf = tmp_path / "scan.pdf"
    places = write_scan(drawn.pdf, pdf, look, Random(5))
    lines = [line for line in drawn.lines() if line.page == 1 and len(letters(line.text)) > 8]
    boxes = [on_scan(line.box, places[0]) for line in lines]
    source = pdfium.PdfDocument(pdf)
    grey = source[0].render(scale=2.0).to_numpy().mean(axis=2)
    source.close()
    for box in boxes:
        x, y = (box.l + box.r) / 2, (box.t + box.b) / 2
        middle = grey[round(2 * y) - 12 : round(2 * y) + 12, round(2 * x) - 12 : round(2 * x) + 12]
        assert middle.min() < middle.max() - 60
    with Pdf.open(pdf) as opened:
        words = read_page(opened, 1).words
    for line, box in zip(lines, boxes, strict=True):
        there = "".join(letters(word.text) for word in words if box.padded(9).holds_centre(word.box))
        assert set(letters(line.text)) <= set(there)


@pytest.mark.parametrize(
    ("layer", "least", "most"),
    [(Layer.GOOD, 0.95, 1.0), (Layer.POOR, 0.4, 0.94), (Layer.GARBAGE, 0.0, 0.3), (Layer.NONE, 0.0, 0.0)],
)
def test_layers(drawn: MadeDocument, layer: Layer, least: float, most: float, tmp_path: Path) -> None:
    pdf = tmp_path / "scan.pdf"
    write_scan(drawn.pdf, pdf, replace(PLAIN, layer=layer), Random(5))
    with Pdf.open(drawn.pdf) as one, Pdf.open(pdf) as other:
        true = {word.text for word in read_page(one, 1).words}
        found = {word.text for word in read_page(other, 1).words}
    assert least <= len(true & found) / len(true) <= most


def test_the_same_seed_gives_the_same_scan(drawn: MadeDocument, tmp_path: Path) -> None:
    look = replace(draw_look(Random(3)), dpi=150)
    one, other = (write_scan(drawn.pdf, tmp_path / name, look, Random(9)) for name in ("1.pdf", "2.pdf"))
    assert one == other
    assert (tmp_path / "1.pdf").read_bytes() == (tmp_path / "2.pdf").read_bytes()


def test_shares_of_documents_are_scanned(tmp_path: Path) -> None:
    setters: dict[str, Setter] = {"typst": Typst()}
    made = make_documents(3, 4, own_sources(), setters, tmp_path, pytest.fail, scans=1.0, forms=1.0)
    for one in made:
        assert one.made.name.endswith("-form-scan")
        assert one.pdf != one.drawn
        assert len(one.made.places) == max(line.page for line in one.lines())
        assert one.made.fields
    assert make_documents(3, 4, own_sources(), setters, tmp_path, pytest.fail)[0].made.places == []
