"""What is wrong with the PDFs that people have: careless producers, hidden faults, empty-looking files."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

import pikepdf

from benchmarks.hostile.case import Case, cases
from benchmarks.hostile.draft import FONT, TEXT, Draft, one_page, reference
from benchmarks.hostile.samples import opened, rewritten, sample, saved

__all__ = ["CASES"]

_PAPER = "code_listing.pdf"


def _text(pattern: bytes, by: bytes, name: str = _PAPER) -> Callable[[Random], bytes]:
    return lambda _: re.sub(pattern, lambda _match: by, rewritten(name))


def _pages(change: Callable[[pikepdf.Page], None], name: str = _PAPER) -> Callable[[Random], bytes]:
    """A sample with every page changed."""

    def make(_: Random) -> bytes:
        with opened(name) as document:
            for page in document.pages:
                change(page)
            return saved(document)

    return make


def _entry(key: str, value: object) -> Callable[[pikepdf.Page], None]:
    def change(page: pikepdf.Page) -> None:
        page.obj[key] = value

    return change


def _without(key: str) -> Callable[[pikepdf.Page], None]:
    def change(page: pikepdf.Page) -> None:
        if key in page.obj:
            del page.obj[key]

    return change


def _please_wait(_: Random) -> bytes:
    """A form that only Adobe's reader can show, with the page that all others show."""
    draft = Draft()
    template = draft.stream(b"<xdp:xdp xmlns:xdp='http://ns.adobe.com/xdp/'><template/></xdp:xdp>")
    draft.catalog = b"/NeedsRendering true /AcroForm << /Fields [] /XFA %s >>" % reference(template)
    draft.page(
        b"BT /F1 12 Tf 72 700 Td (Please wait... If this message is not replaced, use Adobe Reader.) Tj ET"
    )
    return draft.save()


def _portfolio(_: Random) -> bytes:
    draft = Draft()
    inner = draft.stream(one_page(), b"/Type /EmbeddedFile /Subtype /application#2Fpdf")
    draft.catalog = (
        b"/Collection << /View /D >> /Names << /EmbeddedFiles << /Names [(inner.pdf)"
        b" << /Type /Filespec /F (inner.pdf) /EF << /F %s >> >>] >> >>" % reference(inner)
    )
    draft.page(b"BT /F1 12 Tf 72 700 Td (For the best experience, open this portfolio in Acrobat.) Tj ET")
    return draft.save()


def _layers(_: Random) -> bytes:
    draft = Draft()
    group = draft.add(b"<< /Type /OCG /Name (Hidden) >>")
    draft.catalog = b"/OCProperties << /OCGs [%s] /D << /OFF [%s] /Order [%s] >> >>" % (
        (reference(group),) * 3
    )
    content = TEXT + b"/OC /L BDC BT /F1 12 Tf 72 500 Td (A layer that is switched off.) Tj ET EMC"
    draft.page(content, FONT + b" /Properties << /L " + reference(group) + b" >>")
    return draft.save()


def _labelled(_: Random) -> bytes:
    draft = Draft()
    draft.catalog = b"/PageLabels << /Nums [0 << /S /r >> 2 << /S /D /St 100 /P (A-) >>] >>"
    for _page in range(4):
        draft.page()
    return draft.save()


def _signed(_: Random) -> bytes:
    draft = Draft()
    signature = draft.add(
        b"<< /Type /Sig /Filter /Adobe.PPKLite /ByteRange [0 99999999 99999999 5] /Contents <%s> >>"
        % (b"00" * 8192)
    )
    field = draft.add(
        b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (s) /V %s /Rect [72 100 200 150] >>"
        % reference(signature)
    )
    draft.catalog = b"/AcroForm << /SigFlags 3 /Fields [%s] >>" % reference(field)
    draft.page(extra=b"/Annots [%s]" % reference(field))
    return draft.save()


def _ocr_layer(_: Random) -> bytes:
    draft = Draft()
    image = draft.stream(
        b"\xff" * 5000,
        b"/Type /XObject /Subtype /Image /Width 100 /Height 50 /ColorSpace /DeviceGray /BitsPerComponent 8",
    )
    words = b" ".join(
        b"1 0 0 1 72 %d Tm (Recognised line number %d) Tj" % (700 - 14 * n, n) for n in range(40)
    )
    content = b"q 612 0 0 792 0 0 cm /I Do Q BT 3 Tr /F1 11 Tf " + words + b" ET"
    draft.page(content, FONT + b" /XObject << /I " + reference(image) + b" >>")
    return draft.save()


def _twice_struck(_: Random) -> bytes:
    """Bold by printing every line four times, a little apart."""
    lines = b"".join(
        b"BT /F1 12 Tf %.2f %d Td (This line is struck four times.) Tj ET\n" % (72 + 0.3 * n, 700 - 20 * line)
        for line in range(10)
        for n in range(4)
    )
    return one_page(lines)


def _letter_by_letter(_: Random) -> bytes:
    letters = b"".join(
        b"BT /F1 12 Tf %d %d Td (%c) Tj ET\n" % (72 + 7 * (n % 60), 700 - 20 * (n // 60), 97 + n % 26)
        for n in range(1_800)
    )
    return one_page(letters)


def _upside_down(_: Random) -> bytes:
    return one_page(b"-1 0 0 -1 612 792 cm\n" + TEXT, extra=b"/Rotate 180")


def _blank_scan(_: Random) -> bytes:
    draft = Draft()
    image = draft.flate(
        b"\xff" * (850 * 1100),
        b"/Type /XObject /Subtype /Image /Width 850 /Height 1100 /ColorSpace /DeviceGray /BitsPerComponent 8",
    )
    draft.page(b"612 0 0 792 0 0 cm /I Do", b"/XObject << /I " + reference(image) + b" >>")
    return draft.save()


def _no_fonts(page: pikepdf.Page) -> None:
    if "/Font" in page.resources:
        del page.resources["/Font"]


CASES: tuple[Case, ...] = cases(
    "real_world",
    {
        "no-endobj": _text(rb"endobj", b""),
        "no-endstream": _text(rb"\nendstream", b"\n"),
        "lengths-wrong": _text(rb"/Length \d+", b"/Length 99"),
        "lengths-missing": _text(rb"/Length \d+", b""),
        "no-table": _text(rb"(?s)xref\n0.*", b""),
        "spaces-before-objects": _text(rb"\n(\d+ 0 obj)", b"\n   1 0 obj"),
        "types-missing": _text(rb"/Type /(Pages|Page|Catalog)\b", b""),
        "counts-wrong": _text(rb"/Count \d+", b"/Count 1000"),
        "filters-abbreviated": _text(rb"/FlateDecode", b"/Fl"),
        "version-2": _text(rb"%PDF-1\.\d", b"%PDF-2.0"),
        "version-1": _text(rb"%PDF-1\.\d", b"%PDF-1.0"),
        "header-lost": lambda _: sample(_PAPER)[8:],
        "fonts-missing": _pages(_no_fonts),
        "resources-missing": _pages(_without("/Resources")),
        "boxes-missing": _pages(_without("/MediaBox")),
        "contents-missing": _pages(_without("/Contents")),
        "turned-by-90": _pages(_entry("/Rotate", 90)),
        "turned-by-180": _pages(_entry("/Rotate", 180)),
        "cropped-out-of-the-page": _pages(_entry("/CropBox", [2000, 2000, 2600, 2800])),
        "cropped-to-a-strip": _pages(_entry("/CropBox", [0, 300, 600, 330])),
        "drawn-in-units": _pages(_entry("/UserUnit", 10)),
        "unfinished-linearized": lambda _: rewritten(_PAPER, linearize=True)[:9000],
        "object-streams": lambda _: rewritten(_PAPER, object_streams=True),
        "object-streams-truncated": lambda _: rewritten(_PAPER, object_streams=True)[:-400],
        "please-wait": _please_wait,
        "portfolio": _portfolio,
        "layers": _layers,
        "page-labels": _labelled,
        "signed": _signed,
        "recognised-text": _ocr_layer,
        "struck-four-times": _twice_struck,
        "letter-by-letter": _letter_by_letter,
        "upside-down": _upside_down,
        "white-text": lambda _: one_page(b"1 1 1 rg\n" + TEXT),
        "text-out-of-sight": lambda _: one_page(TEXT.replace(b"72 700 Td", b"-5000 700 Td")),
        "empty-page": lambda _: one_page(b""),
        "empty-scan": _blank_scan,
        "no-page-of-its-own": lambda _: one_page(TEXT, b""),
    },
)
