"""A few kilobytes that unpack to hundreds of megabytes, wherever a reader may unpack them."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from random import Random

from benchmarks.hostile.case import Case, cases
from benchmarks.hostile.draft import FONT, TEXT, Draft, deflated_zeros, reference

__all__ = ["CASES"]

_FLATE = b"/Filter /FlateDecode"
_TWICE = b"/Filter [/FlateDecode /FlateDecode]"


def _content(data: Callable[[], bytes], entries: bytes = _FLATE) -> Callable[[Random], bytes]:
    """A page with this content, and a sound one."""

    def make(_: Random) -> bytes:
        draft = Draft()
        draft.page(draft.stream(data(), entries))
        draft.page()
        return draft.save()

    return make


def _repeated(operators: bytes, megabytes: int) -> Callable[[], bytes]:
    """So many megabytes of an operator, compressed."""

    def make() -> bytes:
        packer = zlib.compressobj(6)
        piece = operators * ((1 << 20) // len(operators))
        return b"".join(packer.compress(piece) for _ in range(megabytes)) + packer.flush()

    return make


def _twice(data: Callable[[], bytes]) -> Callable[[], bytes]:
    return lambda: zlib.compress(data(), 9)


def _font(key: bytes) -> Callable[[Random], bytes]:
    """A font with a bomb as one of its streams."""

    def make(_: Random) -> bytes:
        draft = Draft()
        bomb = reference(draft.stream(deflated_zeros(500), _FLATE))
        descriptor = b"<< /Type /FontDescriptor /FontName /A /Flags 4 %s >>" % (
            key + b" " + bomb if b"FontFile" in key else b""
        )
        mapped = b"" if b"FontFile" in key else key + b" " + bomb
        font = b"<< /Type /Font /Subtype /TrueType /BaseFont /A /FontDescriptor %s %s >>" % (
            descriptor,
            mapped,
        )
        draft.page(TEXT, b"/Font << /F1 " + font + b" >>")
        return draft.save()

    return make


def _many_contents(_: Random) -> bytes:
    """A page of a hundred streams, each of them small when packed."""
    draft = Draft()
    bomb = draft.stream(deflated_zeros(20, b" "), _FLATE)
    body = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << %s >> /Contents [%s] >>"
    draft.kids.append(draft.add(body % (FONT, (reference(bomb) + b" ") * 100)))
    return draft.save()


def _many_pages(_: Random) -> bytes:
    """Twelve pages with a bomb each."""
    draft = Draft()
    bomb = draft.stream(deflated_zeros(200, b" ", TEXT), _FLATE)
    for _page in range(12):
        draft.page(bomb)
    return draft.save()


def _metadata(_: Random) -> bytes:
    draft = Draft()
    bomb = draft.stream(deflated_zeros(500, b" "), b"/Type /Metadata /Subtype /XML " + _FLATE)
    draft.catalog = b"/Metadata " + reference(bomb)
    draft.page()
    return draft.save()


def _attached(_: Random) -> bytes:
    draft = Draft()
    bomb = draft.stream(deflated_zeros(500), b"/Type /EmbeddedFile " + _FLATE)
    draft.catalog = (
        b"/Names << /EmbeddedFiles << /Names [(a) << /Type /Filespec /EF << /F %s >> >>] >> >>"
        % (reference(bomb))
    )
    draft.page()
    return draft.save()


def _length(_: Random) -> bytes:
    """The length of a stream stands in a bomb."""
    draft = Draft()
    bomb = draft.stream(deflated_zeros(300, b"1"), _FLATE)
    draft.page(draft.stream(TEXT, length=reference(bomb)))
    return draft.save()


def _form(_: Random) -> bytes:
    draft = Draft()
    entries = b"/Type /XObject /Subtype /Form /BBox [0 0 612 792] " + _FLATE
    bomb = draft.stream(deflated_zeros(500, b" ", TEXT), entries)
    draft.page(TEXT + b"/X Do", FONT + b" /XObject << /X " + reference(bomb) + b" >>")
    return draft.save()


def _profile(_: Random) -> bytes:
    draft = Draft()
    bomb = draft.stream(deflated_zeros(500), b"/N 3 " + _FLATE)
    draft.page(
        TEXT + b"/C cs 1 0 0 sc 9 9 99 99 re f",
        FONT + b" /ColorSpace << /C [/ICCBased %s] >>" % reference(bomb),
    )
    return draft.save()


CASES: tuple[Case, ...] = cases(
    "bombs",
    {
        "content-of-zeros-500": _content(lambda: deflated_zeros(500)),
        "content-of-spaces-500": _content(lambda: deflated_zeros(500, b" ", TEXT)),
        "content-of-spaces-1900": _content(lambda: deflated_zeros(1900, b" ", TEXT)),
        "content-of-spaces-5000": _content(lambda: deflated_zeros(5000, b" ", TEXT)),
        "content-of-letters-500": _content(lambda: deflated_zeros(500, b"q")),
        "content-of-brackets-500": _content(lambda: deflated_zeros(500, b"[")),
        "content-of-strings-500": _content(lambda: deflated_zeros(500, b"(")),
        "content-of-digits-500": _content(lambda: deflated_zeros(500, b"1")),
        "content-of-paths-100": _content(_repeated(b"0 0 m 9 9 l S ", 100)),
        "content-of-saves-100": _content(_repeated(b"q ", 100)),
        "content-of-text-100": _content(_repeated(b"BT /F1 9 Tf 9 9 Td (x) Tj ET ", 100)),
        "content-packed-twice": _content(_twice(lambda: deflated_zeros(1000, b" ", TEXT)), _TWICE),
        "content-packed-three-times": _content(
            _twice(_twice(lambda: deflated_zeros(1000, b" ", TEXT))),
            b"/Filter [/FlateDecode /FlateDecode /FlateDecode]",
        ),
        "content-of-runs": _content(lambda: b"\x81 " * 2_000_000 + b"\x80", b"/Filter /RunLengthDecode"),
        "content-of-runs-packed": _content(
            lambda: zlib.compress(b"\x81 " * 4_000_000 + b"\x80", 9),
            b"/Filter [/FlateDecode /RunLengthDecode]",
        ),
        "content-in-85-packed": _content(
            lambda: deflated_zeros(100, b"z"), b"/Filter [/FlateDecode /ASCII85Decode]"
        ),
        "content-100-times": _many_contents,
        "pages-of-bombs": _many_pages,
        "form": _form,
        "font-program": _font(b"/FontFile2"),
        "font-cff": _font(b"/FontFile3"),
        "font-unicode": _font(b"/ToUnicode"),
        "profile": _profile,
        "metadata": _metadata,
        "attached-file": _attached,
        "length-of-a-stream": _length,
    },
)
