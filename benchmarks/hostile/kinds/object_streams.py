"""Object streams that do not hold what they say."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from random import Random

from benchmarks.hostile.case import Case, cases
from benchmarks.hostile.draft import FONT, TEXT, deflated_zeros, stream_object

__all__ = ["CASES"]

#: The stream that holds the others, the content of the page, and the cross-reference stream.
_HOLDER, _CONTENT, _XREF = 5, 4, 6
_HELD: dict[int, bytes] = {
    1: b"<< /Type /Catalog /Pages 2 0 R >>",
    2: b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
    3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << %s >> /Contents 4 0 R >>" % FONT,
}


def _modern(
    held: Mapping[int, bytes] = _HELD,
    *,
    count: bytes | None = None,
    first: bytes | None = None,
    entries: bytes = b"",
    numbered: Callable[[int], int] = lambda number: number,
    places: Callable[[int], int] = lambda place: place,
    pack: Callable[[bytes], bytes] = zlib.compress,
    kind: bytes = b"/ObjStm",
    holder: int = _HOLDER,
) -> Callable[[Random], bytes]:
    """A file whose catalog, page tree and page lie in an object stream with these faults."""

    def make(_: Random) -> bytes:
        index, bodies, at = [], [], 0
        for number, body in held.items():
            index.append(b"%d %d" % (numbered(number), places(at)))
            bodies.append(body + b"\n")
            at += len(bodies[-1])
        head = b" ".join(index) + b"\n"
        given = b"/Type %s /N %s /First %s /Filter /FlateDecode %s" % (
            kind,
            count or b"%d" % len(held),
            first or b"%d" % len(head),
            entries,
        )
        objects = {
            _CONTENT: stream_object(TEXT),
            _HOLDER: stream_object(pack(head + b"".join(bodies)), given),
        }
        return _written(objects, list(held), holder)

    return make


def _written(objects: Mapping[int, bytes], held: list[int], holder: int) -> bytes:
    body, offsets = b"%PDF-1.7\n", {}
    for number, text in objects.items():
        offsets[number] = len(body)
        body += b"%d 0 obj\n%s\nendobj\n" % (number, text)
    offsets[_XREF] = len(body)
    rows = b""
    for number in range(_XREF + 1):
        if number in held:
            rows += bytes([2]) + holder.to_bytes(4, "big") + held.index(number).to_bytes(2, "big")
        elif number in offsets:
            rows += bytes([1]) + offsets[number].to_bytes(4, "big") + bytes(2)
        else:
            rows += bytes(7)
    entries = b"/Type /XRef /Size %d /Root 1 0 R /W [1 4 2]" % (_XREF + 1)
    xref = b"%d 0 obj\n%s\nendobj\n" % (_XREF, stream_object(rows, entries))
    return body + xref + b"startxref\n%d\n%%%%EOF\n" % len(body)


CASES: tuple[Case, ...] = cases(
    "object_streams",
    {
        "sound": _modern(),
        "count-too-high": _modern(count=b"1000000"),
        "count-negative": _modern(count=b"-3"),
        "count-too-low": _modern(count=b"1"),
        "count-huge": _modern(count=b"2147483647"),
        "first-beyond-the-end": _modern(first=b"100000"),
        "first-negative": _modern(first=b"-10"),
        "first-zero": _modern(first=b"0"),
        "numbers-of-others": _modern(numbered=lambda number: number + 50),
        "numbers-all-the-same": _modern(numbered=lambda _: 1),
        "numbers-of-the-stream": _modern(numbered=lambda _: _HOLDER),
        "places-beyond-the-end": _modern(places=lambda place: place + 99_999),
        "places-all-zero": _modern(places=lambda _: 0),
        "places-negative": _modern(places=lambda place: -place - 1),
        "extends-itself": _modern(entries=b"/Extends 5 0 R"),
        "length-in-itself": _modern(entries=b"/DL 1 0 R"),
        "of-another-type": _modern(kind=b"/XObject"),
        "held-by-itself": _modern(_HELD | {_HOLDER: b"<< /Length 0 >>"}),
        "held-by-the-content": _modern(holder=_CONTENT),
        "held-by-nothing": _modern(holder=99),
        "holds-a-stream": _modern(_HELD | {4: stream_object(TEXT)}),
        "holds-another-reference": _modern(_HELD | {3: b"3 0 R"}),
        "holds-unfinished-objects": _modern(_HELD | {3: b"<< /Type /Page /Contents [ ("}),
        "holds-deep-arrays": _modern(_HELD | {3: b"[" * 50_000}),
        "not-compressed": _modern(pack=lambda data: data),
        "truncated": _modern(pack=lambda data: zlib.compress(data)[:40]),
        "garbage": _modern(pack=lambda data: zlib.compress(data)[::-1]),
        "empty": _modern(pack=lambda _: b""),
        "bomb-of-spaces": _modern(pack=lambda _: deflated_zeros(400, b" ")),
        "bomb-after-the-objects": _modern(pack=lambda data: _followed_by_spaces(data)),
    },
)


def _followed_by_spaces(data: bytes) -> bytes:
    """The objects, then 200 megabytes of spaces."""
    packer = zlib.compressobj(9)
    spaces = b" " * (1 << 20)
    return packer.compress(data) + b"".join(packer.compress(spaces) for _ in range(200)) + packer.flush()
