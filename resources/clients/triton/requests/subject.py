"""What a request is about, for its errors: pages of a document."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Subject"]

_MOST_NAMED = 4


@dataclass(frozen=True)
class Subject:
    """Pages, in order and each once, of the document with that file name, as far as they are known."""

    pages: tuple[int, ...] = ()
    document: str = ""

    @classmethod
    def of(cls, pages: Iterable[int], document: str = "") -> Subject:
        """The subject of a request that holds something of each of `pages`."""
        return cls(tuple(dict.fromkeys(pages)), document)

    def __str__(self) -> str:
        of_document = f" of {self.document}" if self.document else ""
        if not self.pages:
            return self.document or "a request"
        named = [str(page) for page in self.pages[:_MOST_NAMED]]
        if len(self.pages) > _MOST_NAMED:
            named[-1] = f"{len(self.pages) - _MOST_NAMED + 1} more"
        *others, last = named
        return f"pages {', '.join(others)} and {last}{of_document}" if others else f"page {last}{of_document}"
