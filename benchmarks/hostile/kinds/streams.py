"""Streams with wrong lengths, and filters that cannot be undone."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable
from random import Random

from benchmarks.hostile.case import Case, cases
from benchmarks.hostile.draft import FONT, TEXT, Draft, one_page, stream_object

__all__ = ["CASES"]

_PACKED = zlib.compress(TEXT * 40)
_FLATE = b"/Filter /FlateDecode"


def _content(data: bytes, entries: bytes = b"", length: bytes | None = None) -> Callable[[Random], bytes]:
    """A page whose content is this stream."""

    def make(_: Random) -> bytes:
        draft = Draft()
        draft.page(draft.stream(data, entries, length=length))
        draft.page()
        return draft.save()

    return make


def _raw(body: bytes) -> Callable[[Random], bytes]:
    """A page whose content is an object with this body."""

    def make(_: Random) -> bytes:
        draft = Draft()
        draft.page(draft.add(body))
        draft.page()
        return draft.save()

    return make


def _contents(value: bytes) -> Callable[[Random], bytes]:
    """A page with this value of /Contents, which may name 3, a sound stream, and 4, the page."""

    def make(_: Random) -> bytes:
        draft = Draft()
        draft.stream(TEXT)
        page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << %s >> /Contents %s >>"
        draft.kids.append(draft.add(page % (FONT, value)))
        return draft.save()

    return make


def _predictor(entries: bytes) -> Callable[[Random], bytes]:
    return _content(_PACKED, _FLATE + b" /DecodeParms << " + entries + b" >>")


def _garbage(rng: Random) -> bytes:
    return one_page(rng.randbytes(20_000))


def _flate_of(rng: Random) -> bytes:
    """A compressed stream with bytes changed in the middle of it."""
    data = bytearray(_PACKED)
    for _ in range(rng.randint(1, 6)):
        data[rng.randrange(2, len(data))] = rng.randrange(256)
    return _content(bytes(data), _FLATE)(rng)


_LENGTHS = {
    "length-too-short": _content(TEXT, length=b"10"),
    "length-too-long": _content(TEXT, length=b"100000"),
    "length-a-little-too-long": _content(TEXT, length=b"%d" % (len(TEXT) + 30)),
    "length-negative": _content(TEXT, length=b"-1"),
    "length-missing": _content(TEXT, length=b""),
    "length-in-nothing": _content(TEXT, length=b"999 0 R"),
    "length-in-itself": _content(TEXT, length=b"3 0 R"),
    "length-in-the-page": _content(TEXT, length=b"4 0 R"),
    "length-a-fraction": _content(TEXT, length=b"12.75"),
    "length-huge": _content(TEXT, length=b"2147483647"),
    "length-overflows": _content(TEXT, length=b"99999999999999999999"),
    "length-a-name": _content(TEXT, length=b"/Long"),
    "flate-length-too-short": _content(_PACKED, _FLATE, b"20"),
    "no-endstream": _raw(stream_object(TEXT).replace(b"endstream", b"")),
    "stream-then-carriage-return": _raw(stream_object(TEXT).replace(b"stream\n", b"stream\r", 1)),
    "stream-then-nothing": _raw(stream_object(TEXT).replace(b"stream\n", b"stream", 1)),
    "endstream-within": _content(TEXT + b"endstream\nendobj\n" + TEXT),
}
_FILTERS = {
    "filter-unknown": _content(TEXT, b"/Filter /NoSuchDecode"),
    "filter-is-a-number": _content(TEXT, b"/Filter 7"),
    "filter-is-a-circle": _content(TEXT, b"/Filter 3 0 R"),
    "filters-1000": _content(_PACKED, b"/Filter [" + b"/FlateDecode " * 1000 + b"]"),
    "filters-hex-100000": _content(b"41>", b"/Filter [" + b"/ASCIIHexDecode " * 100_000 + b"]"),
    "filter-of-pictures": _content(TEXT, b"/Filter /DCTDecode"),
    "filter-jbig2": _content(TEXT, b"/Filter /JBIG2Decode"),
    "filter-jpx": _content(TEXT, b"/Filter /JPXDecode"),
    "filter-fax": _content(TEXT, b"/Filter /CCITTFaxDecode /DecodeParms << /K -1 /Columns 2147483647 >>"),
    "filter-crypt": _content(TEXT, b"/Filter /Crypt /DecodeParms << /Name /Nobody >>"),
    "stream-in-another-file": _content(b"", b"/F (/etc/passwd) /FFilter /FlateDecode"),
    "ascii85-broken": _content(b"<~zzzz!!z~" + TEXT, b"/Filter /ASCII85Decode"),
    "ascii85-sound": _content(base64.a85encode(TEXT, adobe=False) + b"~>", b"/Filter /ASCII85Decode"),
    "hex-odd": _content(TEXT.hex().encode()[:-1] + b"zz", b"/Filter /ASCIIHexDecode"),
    "run-length-truncated": _content(b"\x7f" + TEXT[:50] + b"\x81", b"/Filter /RunLengthDecode"),
    "lzw-garbage": _content(TEXT, b"/Filter /LZWDecode"),
    "lzw-early-change": _content(TEXT, b"/Filter /LZWDecode /DecodeParms << /EarlyChange -100 >>"),
    "flate-truncated": _content(_PACKED[: len(_PACKED) // 2], _FLATE),
    "flate-without-checksum": _content(_PACKED[:-4], _FLATE),
    "flate-of-nothing": _content(b"", _FLATE),
    "flate-not-compressed": _content(TEXT, _FLATE),
    "flate-then-garbage": _content(_PACKED + b"\xff" * 5000, _FLATE),
    "flate-without-header": _content(_PACKED[2:], _FLATE),
    "predictor-columns-huge": _predictor(b"/Predictor 15 /Columns 2147483647"),
    "predictor-columns-negative": _predictor(b"/Predictor 15 /Columns -7"),
    "predictor-colors-huge": _predictor(b"/Predictor 2 /Colors 2147483647 /BitsPerComponent 16 /Columns 4"),
    "predictor-bits-33": _predictor(b"/Predictor 2 /BitsPerComponent 33"),
    "predictor-unknown": _predictor(b"/Predictor 777"),
    "parameters-of-another-shape": _content(_PACKED, _FLATE + b" /DecodeParms [null [1 2] << >> 5]"),
}
_CONTENTS = {
    "contents-missing": _contents(b"999 0 R"),
    "contents-null": _contents(b"null"),
    "contents-is-the-page": _contents(b"4 0 R"),
    "contents-is-a-dictionary": _contents(b"<< /Length 5 >>"),
    "contents-in-10000-pieces": _contents(b"[" + b"3 0 R " * 10_000 + b"]"),
    "contents-of-nothing-100000": _contents(b"[" + b"99 0 R " * 100_000 + b"]"),
    "contents-nested": _contents(b"[" * 500 + b"3 0 R" + b"]" * 500),
}

CASES: tuple[Case, ...] = (
    *cases("streams", _LENGTHS | _FILTERS | _CONTENTS),
    *cases("streams", {"content-garbage": _garbage, "flate-changed": _flate_of}, repeats=True),
)
