"""What is converted: ordinary pages, and pages that the tiny vision-language model knows by heart."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pikepdf

from benchmarks.material.assorted import LEARNED
from benchmarks.material.corpus import CorpusFile, make_corpus, ordinary_samples

__all__ = ["FEW", "Corpus", "learned_pages", "ordinary_pages"]

#: Pages that tell what starting takes.
FEW = 2


@dataclass(frozen=True)
class Corpus:
    """Few pages, which tell what starting takes, and many."""

    few: list[CorpusFile]
    many: list[CorpusFile]


def ordinary_pages(pages: int, length: int, folder: Path) -> Corpus:
    """So many pages, more than `FEW`, of docmill's ordinary samples, in documents of that length."""
    return _corpus(ordinary_samples(), pages, length, folder)


def learned_pages(pages: int, length: int, folder: Path) -> Corpus:
    """The same of pages that the tiny model answers to; on others it goes on without end."""
    folder.mkdir(parents=True)
    source = folder / "learned.pdf"
    [samples] = {path.parent for path in ordinary_samples()}
    with pikepdf.new() as learned:
        for name, number in LEARNED:
            with pikepdf.open(samples / name) as sample:
                learned.add_pages_from(sample, [number])
        learned.save(source)
    return _corpus([source], pages, length, folder)


def _corpus(sources: list[Path], pages: int, length: int, folder: Path) -> Corpus:
    return Corpus(
        make_corpus(sources, FEW, 1, folder / "few"), make_corpus(sources, pages, length, folder / "many")
    )
