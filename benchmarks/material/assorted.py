"""Documents of all kinds, made of the samples' pages: of one to a few pages, some of them scanned."""

from __future__ import annotations

import random
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import pikepdf

from benchmarks.material.corpus import ORDINARY

__all__ = ["LEARNED", "SCANS", "make_assorted"]

_SAMPLES = Path(__file__).resolve().parents[2] / "tests" / "samples"
_TEXT = (*ORDINARY, "hebrew.pdf", "many_pages.pdf", "rotated_page.pdf")
#: Pages without a text layer.
SCANS = ("scanned.pdf", "skewed.pdf", "rotated_scan.pdf")
#: Pages that the tiny model of `docmill vllm` knows by heart: what it answers to others is without end.
LEARNED = (
    *(("many_pages.pdf", number) for number in range(4)),
    ("annual_report.pdf", 0),
    ("annual_report.pdf", 2),
    ("financial_statement.pdf", 0),
)
#: A document's first page is a scan, or another page is.
_SCANNED, _SCANNED_WITHIN = 0.08, 0.03


def make_assorted(
    folder: Path, count: int, seed: int, most_pages: int = 6, only: Sequence[tuple[str, int]] = ()
) -> Sequence[Path]:
    """Make so many documents, most of pages of one sample; the same seed makes the same ones.

    With `only`, of any of these pages: samples, and numbers from 0.
    """
    folder.mkdir(parents=True, exist_ok=True)
    dice = random.Random(seed)
    paths = []
    with ExitStack() as stack:
        opened = {name: stack.enter_context(pikepdf.open(_SAMPLES / name)) for name in (*_TEXT, *SCANS)}
        for number in range(count):
            paths.append(folder / f"{seed:03d}-{number:03d}.pdf")
            with pikepdf.new() as pdf:
                pages = dice.choices(only, k=dice.randint(1, most_pages)) if only else ()
                for name in () if only else _kinds(dice, most_pages):
                    pages = (*pages, (name, dice.randrange(len(opened[name].pages))))
                for name, page in pages:
                    pdf.add_pages_from(opened[name], [page])
                pdf.docinfo["/Title"] = f"Assorted {seed} {number}"  # no two have the same bytes
                pdf.save(paths[-1], deterministic_id=True)
    return paths


def _kinds(dice: random.Random, most_pages: int) -> list[str]:
    """The samples that the pages of one document are from."""
    pages = dice.randint(1, most_pages)
    if dice.random() < _SCANNED:
        return [dice.choice(SCANS)] * min(pages, 2)
    kinds = dice.sample(_TEXT, 1 if dice.random() < 0.7 else 3)
    return [
        dice.choice(SCANS) if dice.random() < _SCANNED_WITHIN else dice.choice(kinds) for _ in range(pages)
    ]
