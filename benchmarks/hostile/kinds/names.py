"""Names of files that break paths, terminals and JSON; names and strings within files that are not text."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from benchmarks.hostile.case import Case, Make, cases
from benchmarks.hostile.draft import TEXT, Draft, one_page

__all__ = ["CASES"]

_FILES = {
    "spaces": b"  a name  with spaces .pdf",
    "umlauts": "Prüfbericht für Öl & Gas.pdf".encode(),
    "decomposed": "Prüfbericht.pdf".encode(),
    "chinese": "年度报告.pdf".encode(),
    "emoji": "📄🔥.pdf".encode(),
    "right-to-left": "‮fdp.exe.pdf".encode(),
    "control-codes": b"tab\there\nnew line\x1b[31mred.pdf",
    "not-utf-8": b"r\xe9sum\xe9 \xff\xfe.pdf",
    "as-long-as-can-be": b"x" * 251 + b".pdf",
    "long-in-utf-8": ("長" * 83).encode() + b".pdf",
    "a-dash": b"--help.pdf",
    "percent": b"100%25 %s %d %2F.pdf",
    "fragment": b"a#b?c=d&e.pdf",
    "wildcards": b"*[a-z]?{1,2}.pdf",
    "quotes": b'it\'s "quoted" `id` $(id).pdf',
    "backslashes": b"..\\..\\windows\\x.pdf",
    "dots": b"....pdf",
    "device": b"CON.pdf",
    "markup": b"[red]not red[/red] <b>bold</b>.pdf",
    "upper-case": b"LOUD.PDF",
    "protocol": b"s3:bucket;file::x.pdf",
}


def _sound(name: str) -> Make:
    """A sound file, with other bytes than the others."""
    return lambda _: one_page(TEXT.replace(b"hostile", name.encode()))


def _info(entries: bytes) -> Callable[[Random], bytes]:
    def make(_: Random) -> bytes:
        draft = Draft()
        draft.trailer = b"/Info %d 0 R" % draft.add(b"<< " + entries + b" >>")
        draft.page()
        return draft.save()

    return make


def _resources(font: bytes) -> Callable[[Random], bytes]:
    used = TEXT.replace(b"/F1", font)
    return lambda _: one_page(
        used, b"/Font << %s << /Type /Font /Subtype /Type1 /BaseFont /Courier >> >>" % font
    )


CASES: tuple[Case, ...] = (
    *(Case("names", f"file-{name}", _sound(name), file_name=file) for name, file in _FILES.items()),
    *cases(
        "names",
        {
            "title-lone-surrogates": _info(b"/Title <FEFFD800DC00D800D800DC00>"),
            "title-odd-utf-16": _info(b"/Title <FEFF004100>"),
            "title-not-text": _info(b"/Title (\x80\x81\xfe\xff\0\0)"),
            "title-a-megabyte": _info(b"/Title (" + b"A" * 1_000_000 + b")"),
            "title-without-end": _info(b"/Title (never closed"),
            "title-a-dictionary": _info(b"/Title << /A 1 >> /Author [1 2 3] /Producer 9"),
            "title-markup": _info(b"/Title ([bold red]x[/] <script>alert\\(1\\)</script>)"),
            "title-control-codes": _info(b"/Title (\\000\\001\\002\\033[31m)"),
            "dates-nonsense": _info(b"/CreationDate (D:99999999999999Z99'99') /ModDate (yesterday)"),
            "keys-strange": _info(b"/#00#FF (a) / (b) /A#20B (c) /#GG (d)"),
            "font-name-escaped": _resources(b"/F#31#00#zz"),
            "font-name-empty": _resources(b"/"),
            "font-name-of-bytes": _resources(b"/\xff\xfe\x80"),
        },
    ),
)
