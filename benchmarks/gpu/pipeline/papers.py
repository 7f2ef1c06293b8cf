"""Papers to convert, as many pages as are asked for: born digital, no two of the same bytes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from benchmarks.material.corpus import make_corpus, ordinary_samples

__all__ = ["PAGES", "Papers"]

#: Of a document.
PAGES = 12
#: Documents that differ by more than a comment at their end, and those that are set for them.
_DISTINCT, _SET = 24, 12
_SEED = 22


@dataclass(frozen=True)
class Papers:
    """Documents to take copies of, and what they were made with."""

    documents: list[Path]
    made_with: str

    @staticmethod
    def make(folder: Path, few: bool, report: Callable[[str], None] = lambda _: None) -> Papers:
        """Set by Typst where it is installed; otherwise pages of the samples. `few`: a handful."""
        sources, made_with = ([], "") if few else _set(folder / "set", report)
        distinct = 2 if few else _DISTINCT
        pages = make_corpus(sources or ordinary_samples(), distinct * PAGES, PAGES, folder / "distinct")
        return Papers([file.path for file in pages], made_with or "pages of the samples")

    def corpus(self, folder: Path, documents: int) -> int:
        """Write so many documents into a new folder; their pages."""
        folder.mkdir(parents=True)
        for number in range(documents):
            content = self.documents[number % len(self.documents)].read_bytes()
            comment = f"\n% {folder.name} {number}\n".encode()
            (folder / f"paper-{number:05}.pdf").write_bytes(content + comment)
        return documents * PAGES


def _set(folder: Path, report: Callable[[str], None]) -> tuple[list[Path], str]:
    if find_spec("typst") is None:
        return [], ""
    from benchmarks.pages.making import make_documents
    from benchmarks.pages.setters.programs import Typst
    from benchmarks.pages.sources.catalogue import own_sources

    made = make_documents(_SET, _SEED, own_sources(), {"typst": Typst()}, folder, report)
    return [document.pdf for document in made], "papers set by Typst"
