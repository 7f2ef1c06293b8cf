"""Pages of impossible sizes, and text that lies nowhere."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from benchmarks.hostile.case import Case, cases
from benchmarks.hostile.draft import TEXT, Draft

__all__ = ["CASES"]


def _box(box: bytes) -> Callable[[Random], bytes]:
    return _pages(box, TEXT)


def _media(numbers: bytes) -> Callable[[Random], bytes]:
    return _box(b"/MediaBox [" + numbers + b"]")


def _entry(entries: bytes) -> Callable[[Random], bytes]:
    return _box(b"/MediaBox [0 0 612 792] " + entries)


def _content(content: bytes) -> Callable[[Random], bytes]:
    return _pages(b"/MediaBox [0 0 612 792]", content)


def _pages(box: bytes, content: bytes) -> Callable[[Random], bytes]:
    """A page that is strange and one that is not."""

    def make(_: Random) -> bytes:
        draft = Draft()
        draft.page(content, box=box)
        draft.page()
        return draft.save()

    return make


CASES: tuple[Case, ...] = cases(
    "geometry",
    {
        "box-missing": _box(b""),
        "box-empty": _media(b""),
        "box-of-three": _media(b"0 0 612"),
        "box-of-names": _media(b"/a /b /c /d"),
        "box-of-nan": _media(b"nan nan nan nan"),
        "box-infinite": _media(b"-inf -inf inf inf"),
        "box-zero": _media(b"0 0 0 0"),
        "box-flat": _media(b"0 0 612 0"),
        "box-backwards": _media(b"612 792 0 0"),
        "box-tiny": _media(b"0 0 0.001 0.001"),
        "box-one-point": _media(b"0 0 1 1"),
        "box-thin": _media(b"0 0 0.01 100000"),
        "box-huge": _media(b"0 0 1000000 1000000"),
        "box-1e38": _media(b"-1e38 -1e38 1e38 1e38"),
        "box-overflows": _media(b"0 0 99999999999999999999999999999999999999999999 9"),
        "box-of-many-digits": _media(b"0 0 612." + b"3" * 10_000 + b" 792"),
        "box-wide": _media(b"0 0 2000000 10"),
        "box-far-away": _media(b"1e7 1e7 10000612 10000792"),
        "box-a-circle": _box(b"/MediaBox 4 0 R"),
        "box-nested": _box(b"/MediaBox [[0 0 612 792]]"),
        "crop-outside": _entry(b"/CropBox [1000 1000 2000 2000]"),
        "crop-backwards": _entry(b"/CropBox [500 500 100 100]"),
        "crop-empty": _entry(b"/CropBox [100 100 100 100]"),
        "crop-tiny": _entry(b"/CropBox [100 100 100.001 100.001]"),
        "crop-of-nothing": _entry(b"/CropBox [200 200 400 300]"),
        "rotate-45": _entry(b"/Rotate 45"),
        "rotate-minus-90": _entry(b"/Rotate -90"),
        "rotate-huge": _entry(b"/Rotate 99999999990"),
        "rotate-a-name": _entry(b"/Rotate /Left"),
        "rotate-450": _entry(b"/Rotate 450"),
        "unit-75000": _entry(b"/UserUnit 75000"),
        "unit-zero": _entry(b"/UserUnit 0"),
        "unit-negative": _entry(b"/UserUnit -1"),
        "unit-1e38": _entry(b"/UserUnit 1e38"),
        "text-far-outside": _content(b"BT /F1 12 Tf 1e6 1e6 Td (nowhere) Tj ET\n" + TEXT),
        "text-at-nan": _content(b"BT /F1 12 Tf nan inf Td (nowhere) Tj ET\n" + TEXT),
        "text-at-1e38": _content(b"BT /F1 12 Tf 1 0 0 1 1e38 -1e38 Tm (nowhere) Tj ET\n" + TEXT),
        "text-matrix-singular": _content(b"BT /F1 12 Tf 0 0 0 0 72 72 Tm (flat) Tj ET\n" + TEXT),
        "text-matrix-huge": _content(b"BT /F1 12 Tf 1e20 0 0 1e20 72 72 Tm (huge) Tj ET\n" + TEXT),
        "text-matrix-tiny": _content(b"BT /F1 12 Tf 1e-20 0 0 1e-20 72 72 Tm (tiny) Tj ET\n" + TEXT),
        "text-skewed": _content(b"BT /F1 12 Tf 1 1e9 1e9 1 72 72 Tm (skewed) Tj ET\n" + TEXT),
        "text-mirrored": _content(b"BT /F1 12 Tf -1 0 0 1 500 400 Tm (mirrored) Tj ET\n" + TEXT),
        "space-singular": _content(b"0 0 0 0 0 0 cm\n" + TEXT),
        "space-huge": _content(b"1e30 0 0 1e30 0 0 cm\n" + TEXT),
        "space-grows": _content(b"10 0 0 10 0 0 cm\n" * 5_000 + TEXT),
        "clipped-away": _content(b"0 0 0 0 re W n\n" + TEXT),
    },
)
