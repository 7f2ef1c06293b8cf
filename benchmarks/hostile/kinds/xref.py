"""Cross-reference tables and streams that lie."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from random import Random

from benchmarks.hostile.case import Case, cases
from benchmarks.hostile.draft import Draft, stream_object

__all__ = ["CASES"]

_HUGE = 2**31 - 1


def _sound() -> bytes:
    draft = Draft()
    draft.page()
    draft.page()
    return draft.save()


def _replaced(pattern: bytes, by: bytes, count: int = 1) -> Callable[[Random], bytes]:
    return lambda _: re.sub(pattern, lambda _match: by, _sound(), count=count, flags=re.DOTALL)


def _entries(change: Callable[[int, int], bytes]) -> Callable[[Random], bytes]:
    """Every entry in use written anew from its number in the table and its offset."""

    def make(_: Random) -> bytes:
        numbers = iter(range(1, 1000))
        return re.sub(rb"(\d{10}) 00000 n \n", lambda match: change(next(numbers), int(match[1])), _sound())

    return make


def _shuffled(rng: Random) -> bytes:
    lines = re.findall(rb"\d{10} 00000 n \n", _sound())
    rng.shuffle(lines)
    shuffled = iter(lines)
    return re.sub(rb"\d{10} 00000 n \n", lambda _: next(shuffled), _sound())


def _prev_of_itself(_: Random) -> bytes:
    pdf = _sound()
    return pdf.replace(b"/Root", b"/Prev %d /Root" % pdf.rindex(b"xref\n0"))


def _prev_chain(_: Random) -> bytes:
    """Five thousand empty updates, the last of which leads back to the first."""
    pdf = _sound()
    at, sections = pdf.rindex(b"xref\n0"), [pdf]
    size = len(pdf)
    previous = at
    for _number in range(5_000):
        section = b"xref\n0 0\ntrailer\n<< /Size 10 /Root 1 0 R /Prev %d >>\n" % previous
        sections.append(section)
        previous, size = size, size + len(section)
    return b"".join(sections) + b"startxref\n%d\n%%%%EOF\n" % previous


def _xref_stream(
    entries: bytes = b"",
    *,
    widths: tuple[int, int, int] = (1, 4, 2),
    said: bytes | None = None,
    index: bytes = b"",
    data: Callable[[bytes], bytes] = lambda rows: rows,
) -> Callable[[Random], bytes]:
    """A file whose only cross-reference is a stream with these faults."""

    def make(_: Random) -> bytes:
        draft = Draft()
        draft.page()
        body, offsets = draft.body()
        number = max(offsets) + 1
        offsets[number] = len(body)
        rows = b"".join(
            (1 if n in offsets else 0).to_bytes(widths[0], "big")
            + offsets.get(n, 0).to_bytes(widths[1], "big")
            + bytes(widths[2])
            for n in range(number + 1)
        )
        told = said or b"[%d %d %d]" % widths
        given = b"/Type /XRef /Size %d /Root 1 0 R /Filter /FlateDecode /W %s %s %s" % (
            number + 1,
            told,
            index,
            entries,
        )
        stream = stream_object(data(zlib.compress(rows)), given)
        return body + b"%d 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (number, stream, len(body))

    return make


def _startxref_at_itself(_: Random) -> bytes:
    pdf = _sound()
    return re.sub(rb"startxref\n\d+", b"startxref\n%d" % pdf.rindex(b"startxref"), pdf)


_TABLES = {
    "offsets-by-one": _entries(lambda _, offset: b"%010d 00000 n \n" % (offset + 1)),
    "offsets-less-20": _entries(lambda _, offset: b"%010d 00000 n \n" % max(0, offset - 20)),
    "offsets-zero": _entries(lambda *_: b"%010d 00000 n \n" % 0),
    "offsets-beyond-the-end": _entries(lambda *_: b"9999999999 00000 n \n"),
    "offsets-all-the-same": _entries(lambda *_: b"%010d 00000 n \n" % 15),
    "offsets-shuffled": _shuffled,
    "all-free": _entries(lambda _, offset: b"%010d 00000 f \n" % offset),
    "generations-too-high": _entries(lambda _, offset: b"%010d 99999 n \n" % offset),
    "entries-of-19-bytes": _entries(lambda _, offset: b"%010d 00000 n\n" % offset),
    "entries-of-21-bytes": _entries(lambda _, offset: b"%010d 00000 n\r\n\n" % offset),
    "entries-are-letters": _entries(lambda *_: b"abcdefghij klmno n \n"),
    "no-table": _replaced(rb"xref\n0 [\dnf \n]*trailer", b"trailer"),
    "no-startxref": _replaced(rb"startxref\n\d+\n", b""),
    "startxref-negative": _replaced(rb"startxref\n\d+", b"startxref\n-1"),
    "startxref-beyond-the-end": _replaced(rb"startxref\n\d+", b"startxref\n%d" % _HUGE),
    "startxref-overflows": _replaced(rb"startxref\n\d+", b"startxref\n99999999999999999999999"),
    "startxref-at-itself": _startxref_at_itself,
    "startxref-at-the-header": _replaced(rb"startxref\n\d+", b"startxref\n0"),
    "count-of-a-billion": _replaced(rb"xref\n0 \d+", b"xref\n0 999999999"),
    "count-negative": _replaced(rb"xref\n0 \d+", b"xref\n0 -5"),
    "count-too-small": _replaced(rb"xref\n0 \d+", b"xref\n0 2"),
    "starts-at-one": _replaced(rb"xref\n0 ", b"xref\n1 "),
    "starts-at-four-billion": _replaced(rb"xref\n0 ", b"xref\n4294967290 "),
    "prev-of-itself": _prev_of_itself,
    "prev-negative": _replaced(rb"/Root", b"/Prev -10 /Root"),
    "prev-in-the-middle-of-a-page": _replaced(rb"/Root", b"/Prev 200 /Root"),
    "prev-chain-of-5000": _prev_chain,
    "stream-pointer-at-the-table": _replaced(rb"/Root", b"/XRefStm 15 /Root"),
}
_STREAMS = {
    "stream-sound": _xref_stream(),
    "stream-widths-zero": _xref_stream(said=b"[0 0 0]"),
    "stream-widths-negative": _xref_stream(said=b"[-1 -4 -2]"),
    "stream-widths-huge": _xref_stream(said=b"[1 %d 1]" % _HUGE),
    "stream-widths-sum-overflows": _xref_stream(said=b"[%d %d %d]" % (_HUGE, _HUGE, _HUGE)),
    "stream-widths-short": _xref_stream(said=b"[1]"),
    "stream-widths-many": _xref_stream(said=b"[" + b"1 " * 10_000 + b"]"),
    "stream-widths-of-8": _xref_stream(widths=(1, 8, 2)),
    "stream-widths-missing": _xref_stream(said=b"null"),
    "stream-index-odd": _xref_stream(index=b"/Index [0 4 9]"),
    "stream-index-negative": _xref_stream(index=b"/Index [-5 10]"),
    "stream-index-huge": _xref_stream(index=b"/Index [0 %d]" % _HUGE),
    "stream-index-starts-high": _xref_stream(index=b"/Index [%d 5]" % (_HUGE - 3)),
    "stream-prev-of-itself": _xref_stream(b"/Prev 0"),
    "stream-predictor-without-rows": _xref_stream(b"/DecodeParms << /Predictor 12 /Columns 7 >>"),
    "stream-predictor-columns-huge": _xref_stream(b"/DecodeParms << /Predictor 12 /Columns %d >>" % _HUGE),
    "stream-truncated": _xref_stream(data=lambda rows: rows[: len(rows) // 2]),
    "stream-garbage": _xref_stream(data=lambda rows: rows[::-1]),
    "stream-empty": _xref_stream(data=lambda _: b""),
    "stream-encrypted-by-nothing": _xref_stream(b"/Encrypt 99 0 R"),
}

CASES: tuple[Case, ...] = cases("xref", _TABLES | _STREAMS)
