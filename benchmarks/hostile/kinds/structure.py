"""Samples whose objects are changed at random, and written again so that every reader finds them."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pikepdf

from benchmarks.hostile.case import Case, cases
from benchmarks.hostile.samples import PLAIN, opened, saved

__all__ = ["CASES"]

_SOURCES = (*PLAIN, "annual_report.pdf", "hebrew.pdf")
#: The share of dictionaries that are changed.
_SHARES = (0.01, 0.05, 0.2)


def _changed(change: Callable[[pikepdf.Object, str, Random, pikepdf.Pdf], None]) -> Callable[[Random], bytes]:
    """A sample in which an entry of some of its dictionaries is changed."""

    def make(rng: Random) -> bytes:
        share = rng.choice(_SHARES)
        with opened(rng.choice(_SOURCES)) as document:
            for each in list(document.objects):
                if isinstance(each, pikepdf.Dictionary | pikepdf.Stream) and rng.random() < share:
                    keys = sorted(set(each.keys()) - {"/Length", "/Filter"})
                    if keys:
                        change(each, rng.choice(keys), rng, document)
            return saved(document)

    return make


def _deleted(owner: pikepdf.Object, key: str, _rng: Random, _document: pikepdf.Pdf) -> None:
    del owner[key]


def _replaced(owner: pikepdf.Object, key: str, rng: Random, _document: pikepdf.Pdf) -> None:
    values: tuple[Any, ...] = (
        0,
        -1,
        2**31 - 1,
        pikepdf.Name("/Nonsense"),
        pikepdf.String("text"),
        pikepdf.Array([]),
        pikepdf.Dictionary(),
        True,
    )
    owner[key] = rng.choice(values)


def _exchanged(owner: pikepdf.Object, key: str, rng: Random, document: pikepdf.Pdf) -> None:
    """The entry becomes a reference to some other object."""
    others = [each for each in document.objects if isinstance(each, pikepdf.Dictionary | pikepdf.Stream)]
    owner[key] = rng.choice(others)


def _circled(owner: pikepdf.Object, key: str, _rng: Random, _document: pikepdf.Pdf) -> None:
    owner[key] = owner


def _filled(owner: pikepdf.Object, key: str, rng: Random, _document: pikepdf.Pdf) -> None:
    """Numbers of an entry become extreme."""
    value = owner[key]
    if isinstance(value, pikepdf.Array):
        for index in range(min(len(value), 50)):
            if isinstance(value[index], int) or type(value[index]).__name__ == "Decimal":
                value[index] = rng.choice((0, -1, 2**31 - 1, -(2**31), 10**9))
    else:
        owner[key] = rng.choice((0, -1, 2**31 - 1, -(2**31)))


def _noisy_contents(rng: Random) -> bytes:
    """The content streams of a sample, each with bytes changed."""
    with opened(rng.choice(_SOURCES)) as document:
        for page in document.pages:
            page.contents_coalesce()
            data = bytearray(page.Contents.read_bytes())
            for _ in range(rng.randint(1, max(2, len(data) // 100))):
                data[rng.randrange(len(data))] = rng.randrange(256)
            page.Contents = document.make_stream(bytes(data))
        return saved(document)


CASES: tuple[Case, ...] = cases(
    "structure",
    {
        "entries-deleted": _changed(_deleted),
        "entries-replaced": _changed(_replaced),
        "entries-exchanged": _changed(_exchanged),
        "entries-in-circles": _changed(_circled),
        "numbers-extreme": _changed(_filled),
        "contents-changed": _noisy_contents,
    },
    repeats=True,
)
