"""Pages of a batch that a step of its own does: from one to another."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Self, TypeAlias

from docmill.pipeline.intake.batches import DocumentRef
from docmill.pipeline.stages.selection import Pages

__all__ = ["PageRange", "Place", "cut", "numbered"]

#: A document's number in its batch, and one of its pages; both count from 1.
Place: TypeAlias = tuple[int, int]

_KEY = re.compile(r"doc(\d+)_page(\d+)_to_doc(\d+)_page(\d+)")


@dataclass(frozen=True)
class PageRange:
    """Everything from one place to another, both included."""

    first: Place
    last: Place

    @property
    def key(self) -> str:
        """What a mapped step of Dagster is called by: it says all, so nothing else has to be handed on."""
        (document, page), (last_document, last_page) = self.first, self.last
        return f"doc{document}_page{page}_to_doc{last_document}_page{last_page}"

    @classmethod
    def of_key(cls, key: str) -> Self:
        """The range of that key. Raises `ValueError` for what is none."""
        if not (match := _KEY.fullmatch(key)):
            raise ValueError(f"{key!r} is no range of pages")
        document, page, last_document, last_page = (int(number) for number in match.groups())
        return cls((document, page), (last_document, last_page))

    def holds(self, document: int, chunk: Pages) -> bool:
        """Whether a chunk of a document is in it: where it begins decides, so it is in one range alone."""
        return self.first <= (document, chunk.numbers[0]) <= self.last

    def documents(self, batch: Sequence[DocumentRef]) -> list[DocumentRef]:
        """The documents of a batch that it has pages of."""
        (first, _), (last, _) = self.first, self.last
        return [document for number, document in numbered(batch) if first <= number <= last]


def numbered(batch: Sequence[DocumentRef]) -> Iterator[tuple[int, DocumentRef]]:
    """The documents of a batch with their numbers; of those with the same bytes the first."""
    seen: set[str] = set()
    for number, document in enumerate(batch, 1):
        if document.id not in seen:
            seen.add(document.id)
            yield number, document


def cut(left: Iterable[tuple[int, Sequence[Pages]]], most: int) -> list[PageRange]:
    """What is to be done, by the documents' numbers, in ranges of `most` pages; no chunk is divided.

    None at all where everything goes into one.
    """
    ranges: list[PageRange] = []
    pages = 0
    for document, chunks in left:
        for chunk in chunks:
            first, last = (document, chunk.numbers[0]), (document, chunk.numbers[-1])
            if not ranges or pages + len(chunk.numbers) > most:
                ranges.append(PageRange(first, last))
                pages = 0
            else:
                ranges[-1] = PageRange(ranges[-1].first, last)
            pages += len(chunk.numbers)
    return ranges if len(ranges) > 1 else []
