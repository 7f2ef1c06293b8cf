"""A PDF of scans of another's pages, and where the other's points are on them."""

from __future__ import annotations

import math
from pathlib import Path
from random import Random

import numpy as np
import pikepdf
import pypdfium2 as pdfium
from pikepdf import Array, Dictionary, Name

from benchmarks.pages.scans.layer import LayerWord, layer_words, words_of
from benchmarks.pages.scans.look import Layer, ScanLook
from benchmarks.pages.scans.paper import Affine, ScannedPage, encoded, scanned
from docmill.pipeline.convert.types import Box

__all__ = ["on_scan", "write_scan"]

#: Tesseract's way: codes are UTF-16, the font has no glyphs, and each is half as wide as it is high.
_TO_UNICODE = b"""/CIDInit /ProcSet findresource begin 12 dict begin begincmap
/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def
/CMapName /Adobe-Identify-UCS def /CMapType 2 def
1 begincodespacerange <0000> <FFFF> endcodespacerange
1 beginbfrange <0000> <FFFF> <0000> endbfrange
endcmap CMapName currentdict /CMap defineresource pop end end"""
_GLYPH_WIDTH = 0.5
_ASCENT = 0.78  # of a character's box, above its baseline
_STAMP = "Downloaded from the digital archive on 14 March 2019. For personal use only."


def write_scan(drawn: Path, out: Path, look: ScanLook, random: Random) -> list[list[float]]:
    """Write the scan; for each page the six numbers of its `Affine`, row by row."""
    source, target = pdfium.PdfDocument(drawn), pikepdf.Pdf.new()
    if source.get_formtype():
        source.init_forms()  # else fields are not drawn
    try:
        font, places = _font(target), []
        for number in range(len(source)):
            page = source[number]
            pixels = page.render(scale=look.dpi / 72, rev_byteorder=True).to_numpy()[:, :, :3]
            scan = scanned(pixels, look, random)
            words = layer_words(words_of(page), look.layer, random)
            _add(target, scan, look, font, words)
            places.append(scan.place.ravel().tolist())
            page.close()
        target.save(out, deterministic_id=True)
    finally:
        source.close()
        target.close()
    return places


def on_scan(box: Box, place: list[float]) -> Box:
    """Where a box of the drawn page is on the scan: as large as before, but for turns by quarters."""
    matrix: Affine = np.array(place, np.float64).reshape(2, 3)
    x, y = (matrix @ ((box.l + box.r) / 2, (box.t + box.b) / 2, 1.0)).tolist()
    lies = abs(matrix[0, 1]) > abs(matrix[0, 0])
    width, height = (box.height, box.width) if lies else (box.width, box.height)
    return Box(x - width / 2, y - height / 2, x + width / 2, y + height / 2)


def _font(target: pikepdf.Pdf) -> pikepdf.Object:
    descendant = Dictionary(
        Type=Name.Font,
        Subtype=Name.CIDFontType2,
        BaseFont=Name.GlyphLessFont,
        CIDToGIDMap=Name.Identity,
        CIDSystemInfo=Dictionary(Registry=b"Adobe", Ordering=b"Identity", Supplement=0),
        FontDescriptor=Dictionary(
            Type=Name.FontDescriptor,
            FontName=Name.GlyphLessFont,
            Flags=5,
            Ascent=1000,
            Descent=-1,
            CapHeight=1000,
            ItalicAngle=0,
            StemV=80,
            FontBBox=Array([0, 0, 500, 1000]),
        ),
        DW=500,
    )
    return target.make_indirect(
        Dictionary(
            Type=Name.Font,
            Subtype=Name.Type0,
            BaseFont=Name.GlyphLessFont,
            Encoding=Name("/Identity-H"),
            DescendantFonts=Array([target.make_indirect(descendant)]),
            ToUnicode=target.make_stream(_TO_UNICODE),
        )
    )


def _add(
    target: pikepdf.Pdf, scan: ScannedPage, look: ScanLook, font: pikepdf.Object, words: list[LayerWord]
) -> None:
    picture = f"q {scan.width:.3f} 0 0 {scan.height:.3f} 0 0 cm /Im0 Do Q\n"
    if look.layer is Layer.STAMP:
        picture += f"BT /F1 8 Tf 40 14 Td ({_STAMP}) Tj ET\n"
    elif words:
        picture += "BT 3 Tr\n" + "".join(_shown(word, scan) for word in words) + "ET\n"
    plain = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
    page = Dictionary(
        Type=Name.Page,
        MediaBox=Array([0, 0, round(scan.width, 3), round(scan.height, 3)]),
        Resources=Dictionary(
            XObject=Dictionary(Im0=_image(target, scan, look)), Font=Dictionary(F0=font, F1=plain)
        ),
        Contents=target.make_stream(picture.encode()),
    )
    target.pages.append(pikepdf.Page(target.make_indirect(page)))


def _image(target: pikepdf.Pdf, scan: ScannedPage, look: ScanLook) -> pikepdf.Stream:
    height, width = scan.pixels.shape[:2]
    grey = scan.pixels.ndim == 2
    bitonal = look.colours == "bitonal"
    data = np.packbits(scan.pixels > 127, axis=1).tobytes() if bitonal else encoded(scan.pixels, look)
    stream = target.make_stream(data)
    stream.Type, stream.Subtype = Name.XObject, Name.Image
    stream.Width, stream.Height = width, height
    stream.ColorSpace = Name.DeviceGray if grey else Name.DeviceRGB
    stream.BitsPerComponent = 1 if bitonal else 8
    if not bitonal:
        stream.Filter = Name.DCTDecode
    return stream


def _shown(word: LayerWord, scan: ScannedPage) -> str:
    """Operators that set a word over its picture."""
    left, base = word.box.l, word.box.t + _ASCENT * word.box.height
    x, y = scan.place @ (left, base, 1.0)
    angle = -math.atan2(scan.place[1, 0], scan.place[0, 0])
    cos, sin = math.cos(angle), math.sin(angle)
    size = 0.8 * word.box.height
    stretch = 100 * word.box.width / (_GLYPH_WIDTH * size * len(word.text))
    codes = (word.text + " ").encode("utf-16-be").hex()
    matrix = f"{cos:.5f} {sin:.5f} {-sin:.5f} {cos:.5f} {x:.2f} {scan.height - y:.2f} Tm"
    return f"/F0 {size:.2f} Tf {stretch:.2f} Tz {matrix} <{codes}> Tj\n"
