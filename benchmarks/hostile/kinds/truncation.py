"""Files that end too early: where an object, a stream or a table ends, or in the middle of one."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

from benchmarks.hostile.case import Case, cases
from benchmarks.hostile.samples import PLAIN, any_sample, rewritten, sample

__all__ = ["CASES"]

_REPORT = "two_column_paper.pdf"


def _after(pattern: bytes, share: float = 0.5) -> Callable[[Random], bytes]:
    """A sample up to the end of a match: the one at this share of all of them."""

    def make(_: Random) -> bytes:
        pdf = rewritten(_REPORT)
        ends = [match.end() for match in re.finditer(pattern, pdf)]
        return pdf[: ends[min(int(share * len(ends)), len(ends) - 1)]]

    return make


def _share(share: float, *, linearize: bool = False) -> Callable[[Random], bytes]:
    def make(_: Random) -> bytes:
        pdf = rewritten(_REPORT, linearize=linearize)
        return pdf[: int(share * len(pdf))]

    return make


def _anywhere(rng: Random) -> bytes:
    pdf = any_sample(rng)
    return pdf[: rng.randrange(1, len(pdf))]


def _at_an_object(rng: Random) -> bytes:
    pdf = rewritten(rng.choice(PLAIN))
    return pdf[: rng.choice([match.end() for match in re.finditer(rb"endobj\n", pdf)])]


def _with_a_trailer(rng: Random) -> bytes:
    """The front of a file and its end, without what was between."""
    pdf = any_sample(rng)
    first, second = sorted(rng.randrange(len(pdf)) for _ in range(2))
    return pdf[:first] + pdf[second:]


def _tail(rng: Random) -> bytes:
    pdf = any_sample(rng)
    return b"%PDF-1.7\n" + pdf[rng.randrange(len(pdf)) :]


CASES: tuple[Case, ...] = (
    *cases(
        "truncation",
        {
            "after-the-first-object": _after(rb"endobj\n", 0.0),
            "after-half-the-objects": _after(rb"endobj\n", 0.5),
            "after-the-last-object": _after(rb"endobj\n", 1.0),
            "in-the-first-stream": _after(rb"stream\n.{20}", 0.0),
            "in-the-last-stream": _after(rb"stream\n.{20}", 1.0),
            "in-a-dictionary": _after(rb"<< /[A-Z]", 0.7),
            "in-an-object-header": _after(rb"(?<!\d)\d+ 0 o", 0.6),
            "before-the-table": _after(rb"\n(?=xref\n)"),
            "in-the-table": _after(rb"\d{10} 00000 n ", 0.5),
            "before-the-trailer": _after(rb"\n(?=trailer)"),
            "in-the-trailer": _after(rb"trailer <<"),
            "before-startxref": _after(rb"\n(?=startxref)"),
            "in-startxref": _after(rb"startxr"),
            "before-the-end-of-file": _after(rb"\n(?=%%EOF)"),
            "one-byte-short": lambda _: sample(_REPORT)[:-1],
            "a-tenth": _share(0.1),
            "a-third": _share(0.33),
            "nine-tenths": _share(0.9),
            "all-but-a-hundredth": _share(0.99),
            "linearized-a-tenth": _share(0.1, linearize=True),
            "linearized-half": _share(0.5, linearize=True),
            "linearized-nine-tenths": _share(0.9, linearize=True),
            "scan-half": lambda _: sample("scanned.pdf")[:90_000],
        },
    ),
    *cases(
        "truncation",
        {
            "anywhere": _anywhere,
            "at-an-object": _at_an_object,
            "middle-missing": _with_a_trailer,
            "only-the-tail": _tail,
        },
        repeats=True,
    ),
)
