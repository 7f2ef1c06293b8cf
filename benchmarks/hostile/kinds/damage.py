"""What transfers, disks and mail programs do to bytes."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

from benchmarks.hostile.case import Case, cases
from benchmarks.hostile.samples import PLAIN, any_sample, rewritten, sample, unpacked

__all__ = ["CASES"]

_SECTOR = 512


def _flipped(count: int) -> Callable[[Random], bytes]:
    """A sample with so many bits flipped."""

    def make(rng: Random) -> bytes:
        data = bytearray(any_sample(rng))
        for _ in range(count):
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        return bytes(data)

    return make


def _sectors(change: Callable[[Random, list[bytes]], None]) -> Callable[[Random], bytes]:
    """A sample with some of its sectors changed."""

    def make(rng: Random) -> bytes:
        pdf = any_sample(rng)
        sectors = [pdf[at : at + _SECTOR] for at in range(0, len(pdf), _SECTOR)]
        change(rng, sectors)
        return b"".join(sectors)

    return make


def _zeroed(rng: Random, sectors: list[bytes]) -> None:
    for at in rng.sample(range(1, len(sectors)), max(1, len(sectors) // 20)):
        sectors[at] = bytes(len(sectors[at]))


def _swapped(rng: Random, sectors: list[bytes]) -> None:
    one, two = rng.randrange(1, len(sectors)), rng.randrange(1, len(sectors))
    sectors[one], sectors[two] = sectors[two], sectors[one]


def _doubled(rng: Random, sectors: list[bytes]) -> None:
    at = rng.randrange(1, len(sectors))
    sectors.insert(at, sectors[at])


def _lost(rng: Random, sectors: list[bytes]) -> None:
    del sectors[rng.randrange(1, len(sectors))]


def _numbers(rng: Random) -> bytes:
    """A sample as text, with some of its numbers exchanged for extreme ones."""
    extremes = (b"0", b"-1", b"2147483647", b"-2147483648", b"4294967296", b"1e38", b"0.00000001", b"65536")
    return _tokens(rb"(?<=[\s\[])-?\d+(?:\.\d*)?(?=[\s\]])", lambda _: rng.choice(extremes), rng)


def _names(rng: Random) -> bytes:
    """A sample as text, with some of its names exchanged for others of it."""
    known = sorted(set(re.findall(rb"/[A-Za-z0-9]+", unpacked("form.pdf"))))
    return _tokens(rb"/[A-Za-z0-9]+", lambda _: rng.choice(known), rng)


def _references(rng: Random) -> bytes:
    """A sample as text, with some of its references exchanged."""
    return _tokens(rb"(?<!\d)\d+ 0 R", lambda _: b"%d 0 R" % rng.randrange(60), rng)


def _delimiters(rng: Random) -> bytes:
    """A sample as text, without some of its brackets and keywords."""
    return _tokens(rb"<<|>>|\[|\]|\(|\)|endobj|endstream|stream|obj", lambda _: b"", rng)


def _tokens(pattern: bytes, other: Callable[[bytes], bytes], rng: Random) -> bytes:
    share = rng.choice((0.002, 0.01, 0.05))
    return re.sub(
        pattern,
        lambda match: other(match[0]) if rng.random() < share else match[0],
        unpacked(rng.choice(PLAIN)),
    )


_PLAIN = "code_listing.pdf"
CASES: tuple[Case, ...] = (
    *cases(
        "damage",
        {
            "line-ends-to-crlf": lambda _: rewritten(_PLAIN).replace(b"\n", b"\r\n"),
            "line-ends-to-cr": lambda _: rewritten(_PLAIN).replace(b"\n", b"\r"),
            "cr-removed": lambda _: sample(_PLAIN).replace(b"\r", b""),
            "seven-bits": lambda _: bytes(byte & 0x7F for byte in sample(_PLAIN)),
            "read-as-latin-1": lambda _: sample(_PLAIN).decode("latin-1").encode(),
            "read-as-utf-8": lambda _: sample(_PLAIN).decode("utf-8", "replace").encode(),
            "as-utf-16": lambda _: sample(_PLAIN).decode("latin-1").encode("utf-16"),
            "zeros-to-spaces": lambda _: sample(_PLAIN).replace(b"\0", b" "),
            "trailing-blanks-removed": lambda _: re.sub(rb"(?<![ \t])[ \t]+\n", b"\n", sample(_PLAIN)),
            "all-but-the-header-zero": lambda _: b"%PDF-1.7\n" + bytes(50_000),
            "inverted": lambda _: b"%PDF-1.7\n" + bytes(byte ^ 0xFF for byte in sample(_PLAIN)),
            "backwards": lambda _: b"%PDF-1.7\n" + sample(_PLAIN)[::-1],
        },
    ),
    *cases(
        "damage",
        {
            "bits-1": _flipped(1),
            "bits-10": _flipped(10),
            "bits-100": _flipped(100),
            "bits-1000": _flipped(1000),
            "sectors-zeroed": _sectors(_zeroed),
            "sectors-swapped": _sectors(_swapped),
            "sector-doubled": _sectors(_doubled),
            "sector-lost": _sectors(_lost),
            "numbers-exchanged": _numbers,
            "names-exchanged": _names,
            "references-exchanged": _references,
            "delimiters-lost": _delimiters,
        },
        repeats=True,
    ),
)
