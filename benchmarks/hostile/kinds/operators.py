"""Content streams of millions of operators, and of operators that make no sense."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from benchmarks.hostile.case import Case, cases
from benchmarks.hostile.draft import FONT, TEXT, Draft

__all__ = ["CASES"]

_WORDS = (
    b"q Q cm w J j M d ri i gs m l c v y h re S s f F f* B B* b b* n W W* BT ET Tc Tw Tz TL Tf Tr Ts Td TD Tm"
    b" T* Tj TJ ' \" d0 d1 CS cs SC SCN sc scn G g RG rg K k sh BI ID EI Do MP DP BMC BDC EMC BX EX"
).split()


def _content(content: bytes | Callable[[], bytes]) -> Callable[[Random], bytes]:
    """A page with this content, compressed, and a sound one."""

    def make(_: Random) -> bytes:
        draft = Draft()
        draft.page(draft.flate(content() if callable(content) else content))
        draft.page()
        return draft.save()

    return make


def _paths() -> bytes:
    return b"".join(
        b"%d %d m %d %d l S\n" % (n % 600, n % 790, n * 7 % 600, n * 3 % 790) for n in range(300_000)
    )


def _one_path() -> bytes:
    points = b"".join(b"%d %d l\n" % (n * 7 % 600, n * 3 % 790) for n in range(500_000))
    return b"0 0 m\n" + points + b"B*\n"


def _lines() -> bytes:
    shown = (b"1 0 0 1 %d %d Tm (word %d) Tj\n" % (n % 550, n * 13 % 780, n) for n in range(60_000))
    return b"BT /F1 6 Tf\n" + b"".join(shown) + b"ET\n"


def _characters() -> bytes:
    return b"BT /F1 1 Tf 10 10 Td (" + b"abcdefghi " * 100_000 + b") Tj ET\n"


def _stacked() -> bytes:
    return b"BT /F1 12 Tf " + b"1 0 0 1 100 100 Tm (x) Tj " * 50_000 + b"ET\n"


def _rectangles() -> bytes:
    return b"".join(b"%d %d 5 5 re f\n" % (n % 600, n // 600 % 790) for n in range(200_000))


def _inline_images() -> bytes:
    return b"q 5 0 0 5 9 9 cm BI /W 1 /H 1 /BPC 8 /CS /G ID x EI Q\n" * 50_000


def _salad(rng: Random) -> bytes:
    """Operators with operands that may be anything."""
    pieces = [TEXT]
    for _ in range(5_000):
        for _ in range(rng.randrange(7)):
            number = rng.choice((rng.uniform(-1000, 1000), rng.randrange(-5, 800), 1e30, -(2**31)))
            pieces.append(
                rng.choice((b"%.3f" % number, b"/F1", b"(text)", b"[1 (a) 2]", b"<< /A 1 >>", b"<41>"))
            )
        pieces.append(rng.choice(_WORDS))
    return _content(b" ".join(pieces))(rng)


def _shuffled(rng: Random) -> bytes:
    lines = [
        b"BT /F1 12 Tf ET", b"q", b"Q", b"1 0 0 1 10 10 cm", b"BT", b"ET", b"(text) Tj", b"72 700 Td",
        b"0 0 m 100 100 l", b"S", b"100 100 50 50 re", b"f", b"W n", b"/F1 10 Tf", b"BMC", b"EMC",
    ] * 40  # fmt: skip
    rng.shuffle(lines)
    return _content(b"\n".join(lines))(rng)


CASES: tuple[Case, ...] = (
    *cases(
        "operators",
        {
            "paths-300000": _content(_paths),
            "one-path-of-500000": _content(_one_path),
            "rectangles-200000": _content(_rectangles),
            "words-60000": _content(_lines),
            "characters-a-million": _content(_characters),
            "characters-on-one-point": _content(_stacked),
            "inline-images-50000": _content(_inline_images),
            "saves-a-million": _content(b"q " * 1_000_000 + TEXT),
            "restores-a-million": _content(b"Q " * 1_000_000 + TEXT),
            "nothing-5-million": _content(b"n " * 5_000_000 + TEXT),
            "unknown-a-million": _content(b"xyzzy " * 1_000_000 + TEXT),
            "marks-nested-200000": _content(b"/Span << /MCID 0 >> BDC " * 200_000 + TEXT),
            "compatibility-100000": _content(b"BX " * 100_000 + TEXT),
            "operands-a-million": _content(b"1 " * 1_000_000 + b"re f\n" + TEXT),
            "operands-missing": _content(b"\n".join(_WORDS) + b"\n" + TEXT),
            "string-without-end": _content(TEXT + b"BT (never closed " + b"x" * 100_000),
            "string-nested-100000": _content(b"BT /F1 9 Tf " + b"(" * 100_000 + b") Tj ET"),
            "hex-without-end": _content(TEXT + b"BT <" + b"41" * 100_000),
            "array-nested-100000": _content(TEXT + b"[" * 100_000),
            "array-nested-closed": _content(TEXT + b"[" * 5_000 + b"]" * 5_000 + b" TJ"),
            "dictionary-nested": _content(TEXT + b"/A " + b"<< /B " * 50_000 + b" BDC"),
            "number-of-100000-digits": _content(b"1" * 100_000 + b" 0 0 1 0 0 cm\n" + TEXT),
            "name-of-100000-letters": _content(b"/" + b"N" * 100_000 + b" gs\n" + TEXT),
            "numbers-odd": _content(b"--5 +-3 1.2.3 .-. 0x10 1e 5- m 99999999999999999999 0 l S\n" + TEXT),
            "dashes-tiny": _content(b"[0.00001] 0 d 0 0 m 612 792 l S\n" + TEXT),
            "dashes-tiny-many": _content(b"[0.001 0.001] 0 d 3 w " + b"0 0 m 612 792 l S\n" * 3_000 + TEXT),
            "dashes-negative": _content(b"[-1 -1] 5 d 0 0 m 612 792 l S\n" + TEXT),
            "line-wide": _content(b"1e9 w 0 0 m 612 792 l S\n" + TEXT),
            "curves-nan": _content(b"nan inf 1e38 -1e38 0 0 c 1e38 1e38 l B\n" + TEXT),
            "fonts-missing": _content(TEXT.replace(b"/F1", b"/Nowhere")),
            "states-missing": _content(b"/A gs /B cs /C scn /D Do /E sh /F ri\n" + TEXT),
            "text-out-of-order": _content(b"(a) Tj ET ET BT BT (b) Tj /F1 9 Tf ET\n" + TEXT),
            "image-without-end": _content(TEXT + b"BI /W 10 /H 10 /BPC 8 /CS /G ID " + b"x" * 1_000),
            "image-inline-huge": _content(TEXT + b"BI /W 100000 /H 100000 /BPC 8 /CS /RGB ID abc EI"),
            "rendering-unknown": _content(b"BT 99 Tr /F1 12 Tf 72 600 Td (odd) Tj ET\n" + TEXT),
            "only-comments": _content(b"% nothing\n" * 200_000),
            "nul-bytes": _content(b"\0" * 300_000 + TEXT),
            "fonts-10000": lambda _: _many_fonts(),
        },
    ),
    *cases("operators", {"salad": _salad, "shuffled": _shuffled}, repeats=True),
)


def _many_fonts() -> bytes:
    draft = Draft()
    fonts = b" ".join(
        b"/G%d << /Type /Font /Subtype /Type1 /BaseFont /Font%d >>" % (n, n) for n in range(10_000)
    )
    shown = b"".join(b"/G%d 6 Tf 1 0 0 1 %d %d Tm (x) Tj\n" % (n, n % 600, n % 790) for n in range(10_000))
    draft.page(draft.flate(b"BT " + shown + b"ET"), FONT.replace(b">> >>", b">> " + fonts + b" >>"))
    return draft.save()
