"""Images of impossible sizes, with broken data, and with colours that lead round in circles."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from random import Random
from typing import Any

import pikepdf
from PIL import Image

from benchmarks.hostile.case import Case, cases
from benchmarks.hostile.draft import FONT, TEXT, Draft, deflated_zeros, reference
from benchmarks.hostile.samples import opened, saved

__all__ = ["CASES"]

_SHOWN = TEXT + b"q 300 0 0 200 72 300 cm /I Do Q\n"
_FLATE = b" /Filter /FlateDecode"
_GREY = b"/ColorSpace /DeviceGray /BitsPerComponent 8"


def _image(
    data: bytes | Callable[[], bytes],
    entries: bytes,
    build: Callable[[Draft, int], bytes] = lambda *_: b"",
    content: bytes = _SHOWN,
) -> Callable[[Random], bytes]:
    """A page with an image; `build` may add objects for it, told its number, and gives further entries."""

    def make(_: Random) -> bytes:
        draft = Draft()
        image = draft.reserve()
        further = build(draft, image)
        body = data() if callable(data) else data
        draft.put(
            image,
            b"<< /Type /XObject /Subtype /Image %s %s /Length %d >>\nstream\n%s\nendstream"
            % (entries, further, len(body), body),
        )
        draft.page(content, FONT + b" /XObject << /I " + reference(image) + b" >>")
        return draft.save()

    return make


def _sized(width: bytes, height: bytes, colour: bytes = _GREY) -> Callable[[Random], bytes]:
    entries = b"/Width %s /Height %s %s%s" % (width, height, colour, _FLATE)
    return _image(zlib.compress(bytes(10_000)), entries)


def _coloured(
    space: bytes, bits: int = 8, build: Callable[[Draft, int], bytes] = lambda *_: b""
) -> Callable[[Random], bytes]:
    entries = b"/Width 40 /Height 40 /BitsPerComponent %d /ColorSpace %s%s" % (bits, space, _FLATE)
    return _image(zlib.compress(bytes(range(256)) * 60), entries, build)


def _picture(kind: str, size: tuple[int, int] = (300, 200)) -> bytes:
    shades = Image.radial_gradient("L").resize(size)
    target = io.BytesIO()
    Image.merge("RGB", (shades, shades.transpose(Image.Transpose.ROTATE_180), shades)).save(target, kind)
    return target.getvalue()


def _jpeg() -> bytes:
    return _picture("JPEG")


def _jpeg_of(width: int, height: int) -> Callable[[], bytes]:
    """A JPEG whose header says that it has this size."""

    def made() -> bytes:
        data = bytearray(_jpeg())
        at = data.index(b"\xff\xc0") + 5
        data[at : at + 4] = height.to_bytes(2, "big") + width.to_bytes(2, "big")
        return bytes(data)

    return made


def _jpx_of(width: int, height: int) -> Callable[[], bytes]:
    """A JPEG 2000 whose headers say that it has this size."""

    def made() -> bytes:
        data = bytearray(_picture("JPEG2000"))
        at = data.index(b"ihdr") + 4
        data[at : at + 8] = height.to_bytes(4, "big") + width.to_bytes(4, "big")
        at = data.index(b"\xff\x51") + 6
        data[at : at + 8] = width.to_bytes(4, "big") + height.to_bytes(4, "big")
        return bytes(data)

    return made


_RGB = b"/Width 300 /Height 200 /ColorSpace /DeviceRGB /BitsPerComponent 8"
_DCT = _RGB + b" /Filter /DCTDecode"
_JPX = b"/Width 300 /Height 200 /Filter /JPXDecode"
_JBIG2 = b"/Width %d /Height %d /ColorSpace /DeviceGray /BitsPerComponent 1 /Filter /JBIG2Decode"
_FAX = b"/Width %d /Height %d /ColorSpace /DeviceGray /BitsPerComponent 1 /Filter /CCITTFaxDecode"


def _jbig2_page(width: int, height: int) -> bytes:
    """A JBIG2 stream: a page of this size, then a generic region of noise as large as it."""
    info = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes(8) + b"\0\0\0"
    page = b"\0\0\0\1\x30\0\1" + len(info).to_bytes(4, "big") + info
    region = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes(8) + b"\0\0" + bytes(8)
    region += bytes(range(256)) * 4
    return page + b"\0\0\0\2\x26\0\1" + len(region).to_bytes(4, "big") + region


def _changed(data: bytes, rng: Random, first: int) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.randint(1, 40)):
        changed[rng.randrange(first, len(changed))] = rng.randrange(256)
    return bytes(changed)


def _broken(kind: str, entries: bytes, first: int) -> Callable[[Random], bytes]:
    return lambda rng: _image(_changed(_picture(kind), rng, first), entries)(rng)


def _cut(kind: str, entries: bytes) -> Callable[[Random], bytes]:
    def make(rng: Random) -> bytes:
        data = _picture(kind)
        return _image(data[: rng.randrange(10, len(data))], entries)(rng)

    return make


def _noise(entries: bytes) -> Callable[[Random], bytes]:
    return lambda rng: _image(rng.randbytes(4000), entries)(rng)


def _masked_by_itself(_: Draft, image: int) -> bytes:
    return b"/SMask " + reference(image)


def _masked_by_huge(draft: Draft, _: int) -> bytes:
    mask = draft.stream(
        deflated_zeros(900),
        b"/Type /XObject /Subtype /Image /Width 30000 /Height 30000 " + _GREY + _FLATE,
    )
    return b"/SMask " + reference(mask)


def _indexed_of_itself(draft: Draft, _: int) -> bytes:
    space = draft.reserve()
    draft.put(space, b"[/Indexed %s 255 (abc)]" % reference(space))
    return b"/ColorSpace " + reference(space)


def _profile_of_itself(draft: Draft, _: int) -> bytes:
    profile = draft.reserve()
    draft.put(
        profile,
        b"<< /N 3 /Alternate [/ICCBased %s] /Length 4 >>\nstream\nabcd\nendstream" % reference(profile),
    )
    return b"/ColorSpace [/ICCBased %s]" % reference(profile)


def _separation_of_functions(draft: Draft, _: int) -> bytes:
    function = draft.reserve()
    draft.put(
        function,
        b"<< /FunctionType 3 /Domain [0 1] /Bounds [0.5] /Encode [0 1 0 1] /Functions [%s %s] >>"
        % (reference(function), reference(function)),
    )
    return b"/ColorSpace [/Separation /Spot /DeviceRGB %s]" % reference(function)


def _calculator(program: bytes) -> Callable[[Draft, int], bytes]:
    def build(draft: Draft, _: int) -> bytes:
        function = draft.stream(program, b"/FunctionType 4 /Domain [0 1] /Range [0 1 0 1 0 1]")
        return b"/ColorSpace [/Separation /Spot /DeviceRGB %s]" % reference(function)

    return build


def _sample_picture(rng: Random) -> bytes:
    """A sample whose own pictures are changed."""
    with opened(rng.choice(("two_column_paper.pdf", "annual_report.pdf"))) as document:
        for each in list(document.objects):
            if isinstance(each, pikepdf.Stream) and each.get("/Subtype") == pikepdf.Name.Image:
                parameters: Any = {"filter": each.get("/Filter"), "decode_parms": each.get("/DecodeParms")}
                each.write(_changed(each.read_raw_bytes(), rng, 0), **parameters)
        return saved(document)


_SIZES = {
    "size-100000": _sized(b"100000", b"100000"),
    "size-2-billion": _sized(b"2147483647", b"2147483647"),
    "size-wide": _sized(b"2147483647", b"1"),
    "size-zero": _sized(b"0", b"0"),
    "size-negative": _sized(b"-100", b"-100"),
    "size-missing": _sized(b"null", b"null"),
    "size-is-a-name": _sized(b"/Wide", b"/High"),
    "size-30000-rgb": _sized(b"30000", b"30000", b"/ColorSpace /DeviceRGB /BitsPerComponent 8"),
    "size-50000-one-bit": _sized(b"50000", b"50000", b"/ColorSpace /DeviceGray /BitsPerComponent 1"),
    "bits-zero": _coloured(b"/DeviceGray", 0),
    "bits-3": _coloured(b"/DeviceGray", 3),
    "bits-64": _coloured(b"/DeviceRGB", 64),
    "bits-negative": _coloured(b"/DeviceRGB", -8),
    "scaled-by-a-billion": _image(
        bytes(1600), b"/Width 40 /Height 40 " + _GREY, content=b"1e9 0 0 1e9 -5e8 -5e8 cm /I Do"
    ),
    "scaled-to-nothing": _image(
        bytes(1600), b"/Width 40 /Height 40 " + _GREY, content=b"0 0 0 0 0 0 cm /I Do"
    ),
    "drawn-20000-times": _image(bytes(1600), b"/Width 40 /Height 40 " + _GREY, content=_SHOWN * 20_000),
    "bomb-30000-square": _image(lambda: deflated_zeros(900), b"/Width 30000 /Height 30000 " + _GREY + _FLATE),
    "bomb-30000-rgb": _image(
        lambda: deflated_zeros(2600),
        b"/Width 30000 /Height 30000 /ColorSpace /DeviceRGB /BitsPerComponent 8" + _FLATE,
    ),
    "bomb-one-row": _image(lambda: deflated_zeros(500), b"/Width 500000000 /Height 1 " + _GREY + _FLATE),
}
_COLOURS = {
    "colour-missing": _coloured(b"null"),
    "colour-unknown": _coloured(b"/DeviceOctarine"),
    "colour-pattern": _coloured(b"/Pattern"),
    "colour-is-the-image": _coloured(b"3 0 R"),
    "indexed-too-high": _coloured(b"[/Indexed /DeviceRGB 2147483647 (abc)]"),
    "indexed-negative": _coloured(b"[/Indexed /DeviceRGB -1 (abc)]"),
    "indexed-table-short": _coloured(b"[/Indexed /DeviceRGB 255 (a)]"),
    "indexed-of-itself": _coloured(b"null", build=_indexed_of_itself),
    "indexed-nested": _coloured(b"[/Indexed " * 60 + b"/DeviceRGB" + b" 1 (aaaaaa)]" * 60),
    "profile-of-itself": _coloured(b"null", build=_profile_of_itself),
    "profile-of-7": _coloured(b"[/ICCBased << /N 7 >>]"),
    "device-n-1000": _coloured(b"[/DeviceN [" + b"/A " * 1000 + b"] /DeviceRGB << /FunctionType 2 /N 1 >>]"),
    "separation-of-itself": _coloured(b"null", build=_separation_of_functions),
    "calculator-deep": _coloured(b"null", build=_calculator(b"{" * 20_000 + b"}" * 20_000)),
    "calculator-divides-by-zero": _coloured(b"null", build=_calculator(b"{ 0 div 0 0 idiv 0 mod }")),
    "calculator-copies": _coloured(
        b"null", build=_calculator(b"{ 1000000 copy 2147483647 -5 roll 99 index }")
    ),
    "calculator-unfinished": _coloured(b"null", build=_calculator(b"{ dup { pop")),
    "lab-broken": _coloured(b"[/Lab << /WhitePoint [0 0 0] /Range [1 -1 1 -1] >>]"),
    "mask-of-itself": _coloured(b"/DeviceGray", build=_masked_by_itself),
    "mask-huge": _coloured(b"/DeviceGray", build=_masked_by_huge),
    "mask-of-colours-odd": _coloured(b"/DeviceRGB", build=lambda *_: b"/Mask [1 2 3]"),
    "decode-strange": _coloured(b"/DeviceRGB", build=lambda *_: b"/Decode [1e38 -1e38 5]"),
}
_CODECS = {
    "jpeg-65500-square": _image(_jpeg_of(65_500, 65_500), _DCT),
    "jpeg-larger-than-said": _image(_jpeg_of(20_000, 20_000), _DCT),
    "jpeg-of-no-size": _image(_jpeg_of(0, 0), _DCT),
    "jpeg-only-a-head": _image(lambda: _jpeg()[:300], _DCT),
    "jpeg-is-a-png": _image(lambda: _picture("PNG"), _DCT),
    "jpx-2-billion-square": _image(_jpx_of(2**31 - 1, 2**31 - 1), _JPX),
    "jpx-40000-square": _image(_jpx_of(40_000, 40_000), _JPX),
    "jpx-is-a-jpeg": _image(_jpeg, _JPX),
    "jbig2-1-billion": _image(_jbig2_page(1 << 30, 1 << 30), _JBIG2 % (1 << 30, 1 << 30)),
    "jbig2-30000-square": _image(_jbig2_page(30_000, 30_000), _JBIG2 % (30_000, 30_000)),
    "jbig2-globals-missing": _image(
        _jbig2_page(40, 40), _JBIG2 % (40, 40) + b" /DecodeParms << /JBIG2Globals 99 0 R >>"
    ),
    "jbig2-globals-are-the-image": _image(
        _jbig2_page(40, 40), _JBIG2 % (40, 40) + b" /DecodeParms << /JBIG2Globals 3 0 R >>"
    ),
    "fax-huge": _image(
        b"\0\1" * 2000, _FAX % (60_000, 60_000) + b" /DecodeParms << /K -1 /Columns 60000 /Rows 60000 >>"
    ),
    "fax-columns-2-billion": _image(
        b"\0\1" * 2000, _FAX % (100, 100) + b" /DecodeParms << /K 0 /Columns 2147483647 /Rows 2147483647 >>"
    ),
}
_RANDOM = {
    "jpeg-changed": _broken("JPEG", _DCT, 2),
    "jpeg-truncated": _cut("JPEG", _DCT),
    "jpx-changed": _broken("JPEG2000", _JPX, 12),
    "jpx-truncated": _cut("JPEG2000", _JPX),
    "jbig2-noise": _noise(_JBIG2 % (200, 200)),
    "fax-noise": _noise(_FAX % (200, 200) + b" /DecodeParms << /K 4 /Columns 200 >>"),
    "pictures-of-a-sample-changed": _sample_picture,
}

CASES: tuple[Case, ...] = (
    *cases("images", _SIZES | _COLOURS | _CODECS),
    *cases("images", _RANDOM, repeats=True),
)
