"""The sound files that mutations start from: docmill's own samples."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path
from random import Random

import pikepdf

__all__ = ["PLAIN", "any_sample", "opened", "rewritten", "sample", "saved", "unpacked"]

_FOLDER = Path(__file__).parents[2] / "tests" / "samples"
#: Samples of a few pages without scans, of different producers: typst, reportlab, qpdf.
PLAIN = (
    "financial_statement.pdf",
    "form.pdf",
    "code_listing.pdf",
    "rotated_page.pdf",
    "broken_page.pdf",
    "arabic.pdf",
    "two_column_paper.pdf",
)


@cache
def sample(name: str) -> bytes:
    """The bytes of a sample."""
    return (_FOLDER / name).read_bytes()


def any_sample(rng: Random) -> bytes:
    """One of the plain samples."""
    return sample(rng.choice(PLAIN))


def opened(name: str) -> pikepdf.Pdf:
    """A sample to be changed by structure."""
    return pikepdf.open(io.BytesIO(sample(name)))


def saved(document: pikepdf.Pdf) -> bytes:
    """The document as a file with one object after the other; the same bytes every time."""
    return _written(document, pikepdf.ObjectStreamMode.disable, linearize=False)


@cache
def rewritten(name: str, *, object_streams: bool = False, linearize: bool = False) -> bytes:
    """A sample as qpdf writes it."""
    mode = pikepdf.ObjectStreamMode.generate if object_streams else pikepdf.ObjectStreamMode.disable
    with opened(name) as document:
        return _written(document, mode, linearize=linearize)


@cache
def unpacked(name: str) -> bytes:
    """A sample without compressed streams, to be changed as text."""
    target = io.BytesIO()
    with opened(name) as document:
        document.save(
            target,
            object_stream_mode=pikepdf.ObjectStreamMode.disable,
            stream_decode_level=pikepdf.StreamDecodeLevel.generalized,
            compress_streams=False,
            static_id=True,
        )
    return target.getvalue()


def _written(document: pikepdf.Pdf, mode: pikepdf.ObjectStreamMode, *, linearize: bool) -> bytes:
    target = io.BytesIO()
    document.save(target, object_stream_mode=mode, linearize=linearize, static_id=True)
    return target.getvalue()
