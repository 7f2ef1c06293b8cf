"""What the ledger knows of documents that were converted as others are to be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from heapq import nlargest
from typing import Any

import pyarrow.compute as pc

from docmill.pipeline.corpus.ledger.ledger import Ledger
from docmill.pipeline.corpus.report import one_each
from docmill.pipeline.intake.forecast import PastDocument
from docmill.pipeline.intake.page_counts import Look, PagesBySize

__all__ = ["History", "read_history"]

#: The newest of these are looked at; and fewer than so few with the same settings are too few.
_MOST, _ENOUGH = 400, 3
#: Stages whose settings make no difference that one would wait for.
_LIGHT = frozenset({"documents", "exports"})
_COLUMNS = ("id", "source", "at", "batch", "pages", "seconds", "cpu_seconds", "device_seconds", "prints")


class History:
    """Pages of all files that were opened, by size; and documents that were converted `alike`.

    `same` says whether their models and settings are those asked for; else only the stages are, and servers
    do some of it or none.
    """

    def __init__(self, by_size: PagesBySize, alike: Sequence[Mapping[str, Any]], *, same: bool) -> None:
        self.by_size = by_size
        self.same = same
        self._alike = alike

    @property
    def sources(self) -> list[str]:
        """Where their files are, the newest first."""
        return [each["source"] for each in self._alike]

    def documents(self, looks: Mapping[str, Look]) -> list[PastDocument]:
        """What they took, and how many of their pages have no text, where somebody looked."""
        found = [_past(each) for each in self._alike]
        return [
            replace(each, scanned=look.scanned) if (look := looks.get(source)) and look.pages else each
            for source, each in zip(self.sources, found, strict=True)
        ]


def read_history(
    ledger: Ledger, prints: Mapping[str, str], stages: Sequence[str], *, served: bool
) -> History:
    """What is known for a conversion with these stages, whose fingerprints are known as far as `prints` goes.

    `served` says whether model servers measure any of it.
    """
    by_size, same, like = PagesBySize(), list[dict[str, Any]](), list[dict[str, Any]]()
    wanted = {stage: print_ for stage, print_ in prints.items() if stage not in _LIGHT}
    for table in ledger.documents.scan():
        opened = table.filter(pc.greater(table["page_count"], 0))
        by_size.add(opened["size"].to_numpy(), opened["page_count"].to_numpy())
        took = one_each(table.filter(pc.and_(pc.greater(table["pages"], 0), pc.greater(table["seconds"], 0))))
        for row in took.select(_COLUMNS).to_pylist(maps_as_pydicts="strict"):
            had = row["prints"] or {}
            if set(had) != set(stages) or bool(row["device_seconds"]) != served:
                continue
            like.append(row)
            if all(had[stage] == print_ for stage, print_ in wanted.items()):
                same.append(row)
        like, same = _newest(like), _newest(same)
    alike = len(same) >= _ENOUGH
    return History(by_size, same if alike else like, same=alike)


def _newest(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return nlargest(_MOST, rows, key=lambda row: row["at"])


def _past(row: Mapping[str, Any]) -> PastDocument:
    return PastDocument(
        row["batch"],
        row["pages"],
        row["seconds"],
        row["cpu_seconds"] or 0.0,
        sum((row["device_seconds"] or {}).values()),
    )
