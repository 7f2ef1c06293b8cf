"""Vertical text in fonts that are not there: no glyphs, and yet text."""

from __future__ import annotations

from pathlib import Path

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, String

from docmill.pipeline.convert.pdf.page_reader import read_page
from docmill.pipeline.convert.pdf.pdf import Pdf
from tests.convert.pdf_builder import Builder, text

LINES = ["東京都千代田区霞が関", "これは日本語の文書です", "一二三"]


def vertical(builder: Builder, encoding: str, font: str) -> Dictionary:
    make = builder.pdf.make_indirect
    descriptor = Dictionary(
        Type=Name.FontDescriptor, FontName=Name(f"/{font}"), Flags=6, Ascent=880, Descent=-120, CapHeight=700,
        ItalicAngle=0, StemV=80, FontBBox=Array([0, -120, 1000, 880]),
    )  # fmt: skip
    below = Dictionary(
        Type=Name.Font, Subtype=Name.CIDFontType0, BaseFont=Name(f"/{font}"), DW=1000,
        CIDSystemInfo=Dictionary(Registry=String("Adobe"), Ordering=String("Japan1"), Supplement=2),
        FontDescriptor=make(descriptor),
    )  # fmt: skip
    return Dictionary(
        Type=Name.Font, Subtype=Name.Type0, BaseFont=Name(f"/{font}-{encoding}"),
        Encoding=Name(f"/{encoding}"), DescendantFonts=Array([make(below)]),
    )  # fmt: skip


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize(
    ("encoding", "codec", "font"),
    [("90ms-RKSJ-V", "cp932", "Ryumin-Light"), ("UniJIS-UCS2-V", "utf-16-be", "HeiseiMin-W3")],
)
def test_every_line_is_read_where_it_stands(
    tmp_path: Path, encoding: str, codec: str, font: str, compressed: bool
) -> None:
    builder = Builder()
    builder.fonts["F9"] = builder.pdf.make_indirect(vertical(builder, encoding, font))
    lines = "".join(
        f"BT /F9 14 Tf {500 - 30 * i} 700 Td <{line.encode(codec).hex()}> Tj ET\n"
        for i, line in enumerate(LINES)
    )
    builder.page(text(72, 740, "Report 2016") + lines)
    path = tmp_path / "page.pdf"
    mode = pikepdf.ObjectStreamMode.generate if compressed else pikepdf.ObjectStreamMode.disable
    builder.pdf.save(path, object_stream_mode=mode)
    with Pdf.open(path) as pdf:
        assert pdf.marks.vertical
        page = read_page(pdf, 1)
    found = {cell.text: cell.box for cell in page.cells}
    assert found.keys() == {"Report 2016", *LINES}
    for i, line in enumerate(LINES):
        box = found[line]
        assert (box.l + box.r) / 2 == pytest.approx(500 - 30 * i, abs=15)
        assert (box.t, box.height) == pytest.approx((92, 14 * len(line)), abs=15)


def test_level_text_says_nothing_of_vertical(tmp_path: Path) -> None:
    builder = Builder()
    builder.page(text(72, 740, "Report 2016"))
    with Pdf.open(builder.save(tmp_path / "page.pdf")) as pdf:
        assert not pdf.marks.vertical
