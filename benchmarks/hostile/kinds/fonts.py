"""Fonts whose programs, encodings and maps are broken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

import pikepdf

from benchmarks.hostile.case import Case, cases
from benchmarks.hostile.draft import Draft, one_page, reference
from benchmarks.hostile.samples import opened, saved

__all__ = ["CASES"]

_WITH_FONTS = ("two_column_paper.pdf", "arabic.pdf", "code_listing.pdf", "hebrew.pdf")
_SHOWN = b"BT /F1 24 Tf 72 700 Td (Text in a broken font) Tj <00410042004300FF> Tj ET\n"


def _font(body: bytes, content: bytes = _SHOWN) -> Callable[[Random], bytes]:
    """A page that uses a font with this dictionary as F1."""
    return lambda _: one_page(content, b"/Font << /F1 " + body + b" >>")


def _built(build: Callable[[Draft], int], content: bytes = _SHOWN) -> Callable[[Random], bytes]:
    """The same with a font of several objects; `build` adds them and says which is the font."""

    def make(_: Random) -> bytes:
        draft = Draft()
        draft.page(content, b"/Font << /F1 " + reference(build(draft)) + b" >>")
        return draft.save()

    return make


def _truetype(
    program: bytes, key: bytes = b"/FontFile2", subtype: bytes = b"/TrueType"
) -> Callable[[Random], bytes]:
    def build(draft: Draft) -> int:
        file = draft.stream(program, b"/Length1 %d" % len(program))
        descriptor = draft.add(
            b"<< /Type /FontDescriptor /FontName /Broken /Flags 4 /FontBBox [0 0 1000 1000] %s %s >>"
            % (key, reference(file))
        )
        return draft.add(
            b"<< /Type /Font /Subtype %s /BaseFont /Broken /FirstChar 32 /LastChar 34 /Widths [500 500 500]"
            b" /FontDescriptor %s >>" % (subtype, reference(descriptor))
        )

    return _built(build)


def _to_unicode(cmap: bytes) -> Callable[[Random], bytes]:
    def build(draft: Draft) -> int:
        mapping = draft.stream(cmap)
        return draft.add(
            b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode " + reference(mapping) + b" >>"
        )

    return _built(build)


def _composite(
    descendant: bytes = b"", encoding: bytes = b"/Identity-H", system: bytes = b"Identity"
) -> Callable[[Random], bytes]:
    """A CID font that is not embedded."""

    def build(draft: Draft) -> int:
        cid = draft.add(
            b"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Nowhere /CIDSystemInfo"
            b" << /Registry (Adobe) /Ordering (%s) /Supplement 0 >> %s >>" % (system, descendant)
        )
        return draft.add(
            b"<< /Type /Font /Subtype /Type0 /BaseFont /Nowhere /Encoding %s /DescendantFonts [%s] >>"
            % (encoding, reference(cid))
        )

    return _built(build)


def _circle_of_descendants(draft: Draft) -> int:
    font = draft.reserve()
    return draft.put(
        font,
        b"<< /Type /Font /Subtype /Type0 /BaseFont /A /Encoding /Identity-H /DescendantFonts [%s] >>"
        % reference(font),
    )


def _cmap_of_itself(draft: Draft) -> int:
    cmap = draft.reserve()
    entries = b"/Type /CMap /CMapName /Loop /UseCMap " + reference(cmap)
    body = b"/Loop usecmap begincmap 1 begincodespacerange <00> <FF> endcodespacerange endcmap"
    draft.put(cmap, b"<< %s /Length %d >>\nstream\n%s\nendstream" % (entries, len(body), body))
    cid = draft.add(b"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /A >>")
    return draft.add(
        b"<< /Type /Font /Subtype /Type0 /BaseFont /A /Encoding %s /DescendantFonts [%s] >>"
        % (reference(cmap), reference(cid))
    )


def _type3(
    glyph: bytes, matrix: bytes = b"[0.001 0 0 0.001 0 0]", rest: bytes = b""
) -> Callable[[Random], bytes]:
    """A Type 3 font whose glyphs may use the font itself."""

    def build(draft: Draft) -> int:
        font = draft.reserve()
        shape = draft.stream(glyph)
        procs = b" ".join(b"/%c %s" % (code, reference(shape)) for code in b"ABCTextinafork")
        return draft.put(
            font,
            b"<< /Type /Font /Subtype /Type3 /FontBBox [0 0 1000 1000] /FontMatrix %s /CharProcs << %s >>"
            b" /Encoding << /Differences [65 /A /B /C 84 /T 97 /a 101 /e 105 /i 110 /n 116 /t 120 /x] >>"
            b" /FirstChar 65 /LastChar 120 /Widths [%s] /Resources << /Font << /F1 %s >> >> %s >>"
            % (matrix, procs, b"600 " * 56, reference(font), rest),
        )

    return _built(build)


def _streams_of(document: pikepdf.Pdf, keys: tuple[str, ...]) -> Iterator[pikepdf.Object]:
    for each in document.objects:
        if isinstance(each, pikepdf.Dictionary):
            yield from (each[key] for key in keys if key in each and isinstance(each[key], pikepdf.Stream))


def _programs(change: Callable[[bytes, Random], bytes], *keys: str) -> Callable[[Random], bytes]:
    """A sample whose embedded programs (or other streams of fonts) are changed, each by itself."""

    def make(rng: Random) -> bytes:
        with opened(rng.choice(_WITH_FONTS)) as document:
            for stream in _streams_of(document, keys or ("/FontFile", "/FontFile2", "/FontFile3")):
                stream.write(change(stream.read_bytes(), rng))
            return saved(document)

    return make


def _dictionaries(change: Callable[[pikepdf.Object], None], name: str = "/Font") -> Callable[[Random], bytes]:
    """A sample with every font dictionary changed."""

    def make(rng: Random) -> bytes:
        with opened(rng.choice(_WITH_FONTS)) as document:
            for each in list(document.objects):
                if isinstance(each, pikepdf.Dictionary) and each.get("/Type") == pikepdf.Name(name):
                    change(each)
            return saved(document)

    return make


def _without(*keys: str) -> Callable[[pikepdf.Object], None]:
    def change(font: pikepdf.Object) -> None:
        for key in keys:
            if key in font:
                del font[key]

    return change


def _flipped(data: bytes, rng: Random) -> bytes:
    changed = bytearray(data)
    for _ in range(max(1, len(data) // 200)):
        changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def _flipped_head(data: bytes, rng: Random) -> bytes:
    """Tables and indexes stand at the front."""
    return _flipped(data[:512], rng) + data[512:]


_RANGES = b"begincmap 1 begincodespacerange <00> <FF> endcodespacerange\n"
_DICTIONARIES = {
    "font-empty": _font(b"<< >>"),
    "font-null": _font(b"null"),
    "font-a-number": _font(b"12"),
    "font-missing": _font(b"999 0 R"),
    "font-is-the-page": _font(b"4 0 R"),
    "font-of-unknown-type": _font(b"<< /Type /Font /Subtype /Type9 /BaseFont /Helvetica >>"),
    "font-without-name": _font(b"<< /Type /Font /Subtype /Type1 >>"),
    "font-name-of-100000": _font(b"<< /Type /Font /Subtype /Type1 /BaseFont /" + b"A" * 100_000 + b" >>"),
    "font-name-not-text": _font(b"<< /Type /Font /Subtype /Type1 /BaseFont /#FF#FE#80#00x >>"),
    "characters-backwards": _font(
        b"<< /Type /Font /Subtype /TrueType /BaseFont /Arial /FirstChar 255 /LastChar 0 /Widths [1 2] >>"
    ),
    "characters-huge": _font(
        b"<< /Type /Font /Subtype /TrueType /BaseFont /Arial /FirstChar -2147483648 /LastChar 2147483647"
        b" /Widths [500] >>"
    ),
    "widths-huge": _font(
        b"<< /Type /Font /Subtype /TrueType /BaseFont /Arial /FirstChar 32 /LastChar 127 /Widths ["
        + b"1e38 " * 96
        + b"] >>"
    ),
    "widths-negative": _font(
        b"<< /Type /Font /Subtype /TrueType /BaseFont /Arial /FirstChar 32 /LastChar 127 /Widths ["
        + b"-5000 " * 96
        + b"] >>"
    ),
    "widths-a-circle": _font(
        b"<< /Type /Font /Subtype /TrueType /BaseFont /Arial /FirstChar 32 /LastChar 127 /Widths 4 0 R >>"
    ),
    "differences-a-million": _font(
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding << /Differences [0 "
        + b"/A " * 1_000_000
        + b"] >> >>"
    ),
    "differences-negative": _font(
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding << /Differences [-9 /A 2147483647 /B]"
        b" >> >>"
    ),
}
_COMPOSITE = {
    "cid-without-cmap": _composite(encoding=b"null"),
    "cid-of-unknown-cmap": _composite(encoding=b"/No-Such-H"),
    "cid-cmap-of-the-page": _composite(encoding=b"4 0 R"),
    "cid-of-no-system": _composite(system=b"Klingon1"),
    "cid-japanese-not-embedded": _composite(encoding=b"/UniJIS-UTF16-H", system=b"Japan1"),
    "cid-japanese-vertical": _composite(encoding=b"/UniJIS-UTF16-V", system=b"Japan1"),
    "cid-widths-huge": _composite(b"/W [0 65535 1e30 -5 [1 2 3] 2147483647 2147483647 9]"),
    "cid-widths-nested": _composite(b"/W " + b"[" * 300 + b"]" * 300),
    "cid-vertical-strange": _composite(b"/DW2 [1e38 -1e38] /W2 [0 [1 2] 5]"),
    "cid-map-of-the-page": _composite(b"/CIDToGIDMap 4 0 R"),
    "cid-descends-from-itself": _built(_circle_of_descendants),
    "cid-cmap-of-itself": _built(_cmap_of_itself),
}
_MAPS = {
    "unicode-garbage": _to_unicode(bytes(range(256)) * 40),
    "unicode-range-of-four-billion": _to_unicode(
        _RANGES + b"1 beginbfrange <00000000> <FFFFFFFF> <0041> endbfrange endcmap"
    ),
    "unicode-ranges-overlap": _to_unicode(
        _RANGES + b"100 beginbfrange " + b"<0000> <FFFF> <0041> " * 100 + b"endbfrange endcmap"
    ),
    "unicode-range-to-lists": _to_unicode(
        _RANGES + b"1 beginbfrange <00> <FF> [" + b"<0041> " * 3 + b"] endbfrange"
    ),
    "unicode-lone-surrogates": _to_unicode(_RANGES + b"1 beginbfrange <00> <FF> <D800> endbfrange endcmap"),
    "unicode-all-nul": _to_unicode(
        _RANGES + b"256 beginbfchar " + b" ".join(b"<%02x> <0000>" % n for n in range(256)) + b" endbfchar"
    ),
    "unicode-control-codes": _to_unicode(
        _RANGES
        + b"256 beginbfchar "
        + b" ".join(b"<%02x> <00%02x>" % (n, n % 32) for n in range(256))
        + b" endbfchar"
    ),
    "unicode-long-values": _to_unicode(
        _RANGES + b"1 beginbfchar <54> <" + b"0041" * 100_000 + b"> endbfchar endcmap"
    ),
    "unicode-not-characters": _to_unicode(_RANGES + b"1 beginbfrange <00> <FF> <FFFE> endbfrange endcmap"),
    "unicode-without-end": _to_unicode(_RANGES + b"100 beginbfchar <00> <"),
}
_SHAPES = {
    "type3-draws-itself": _type3(b"600 0 d0 BT /F1 1000 Tf (A) Tj ET"),
    "type3-draws-itself-twice": _type3(b"600 0 d0 BT /F1 900 Tf (AB) Tj ET BT /F1 900 Tf (BA) Tj ET"),
    "type3-matrix-zero": _type3(b"600 0 d0 0 0 500 500 re f", b"[0 0 0 0 0 0]"),
    "type3-matrix-huge": _type3(b"600 0 d0 0 0 500 500 re f", b"[1e30 0 0 1e30 0 0]"),
    "type3-matrix-short": _type3(b"600 0 d0 0 0 500 500 re f", b"[1]"),
    "type3-glyphs-unfinished": _type3(b"600 0 d0 q q q ( BT"),
    "type3-glyphs-empty": _type3(b""),
    "type3-box-huge": _type3(b"600 0 -1e9 -1e9 1e9 1e9 d1 0 0 500 500 re f"),
    "size-zero": _font(
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Times-Roman >>", b"BT /F1 0 Tf (zero) Tj ET"
    ),
    "size-huge": _font(
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Times-Roman >>",
        b"BT /F1 1e30 Tf 1 0 0 1 72 72 Tm (huge) Tj ET",
    ),
    "size-negative": _font(
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Times-Roman >>",
        b"BT /F1 -12 Tf 200 400 Td (backwards) Tj ET",
    ),
    "spacing-huge": _font(
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Times-Roman >>",
        b"BT /F1 12 Tf 1e30 Tc -1e30 Tw 1e9 Tz 72 400 Td (far apart) Tj ET",
    ),
    "kerning-huge": _font(
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Times-Roman >>",
        b"BT /F1 12 Tf 72 400 Td [(a) -1e38 (b) 1e38 (c)] TJ ET",
    ),
}
_PROGRAMS = {
    "truetype-empty": _truetype(b""),
    "truetype-is-text": _truetype(b"This is not a font." * 100),
    "truetype-tables-beyond": _truetype(
        b"\0\1\0\0\0\4\0\0\0\0\0\0"
        + b"".join(tag + b"\0" * 4 + b"\x7f\xff\xff\xff" * 2 for tag in (b"glyf", b"head", b"loca", b"maxp"))
    ),
    "truetype-65535-tables": _truetype(b"\0\1\0\0\xff\xff\0\0\0\0\0\0" + b"glyf" * 20_000),
    "opentype-is-zeros": _truetype(bytes(5000), b"/FontFile3 99 0 R /FontFile"),
    "cff-short": _truetype(b"\1\0\4\4\0\1\1\1", b"/FontFile3", b"/Type1"),
    "type1-endless": _truetype(b"%!PS-AdobeFont-1.0\n" + b"{" * 50_000, b"/FontFile", b"/Type1"),
    "programs-removed": _dictionaries(_without("/FontFile", "/FontFile2", "/FontFile3"), "/FontDescriptor"),
    "unicode-removed": _dictionaries(_without("/ToUnicode")),
    "descriptors-removed": _dictionaries(_without("/FontDescriptor")),
    "encodings-removed": _dictionaries(_without("/Encoding")),
    "widths-removed": _dictionaries(_without("/W", "/DW", "/Widths")),
    "descendants-removed": _dictionaries(_without("/DescendantFonts")),
    "systems-removed": _dictionaries(_without("/CIDSystemInfo", "/CIDToGIDMap")),
    "names-and-types-removed": _dictionaries(_without("/BaseFont", "/Subtype")),
}
_RANDOM = {
    "programs-changed": _programs(_flipped),
    "programs-changed-in-front": _programs(_flipped_head),
    "programs-truncated": _programs(lambda data, rng: data[: rng.randrange(len(data))]),
    "programs-of-noise": _programs(lambda data, rng: rng.randbytes(len(data))),
    "unicode-changed": _programs(_flipped, "/ToUnicode"),
    "unicode-truncated": _programs(lambda data, rng: data[: rng.randrange(len(data))], "/ToUnicode"),
}

CASES: tuple[Case, ...] = (
    *cases("fonts", _DICTIONARIES | _COMPOSITE | _MAPS | _SHAPES | _PROGRAMS),
    *cases("fonts", _RANDOM, repeats=True),
)
