"""A document's scores: roles, blocks, order, letters, tables."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise

import msgspec
from docling_core.types.doc import DoclingDocument

from benchmarks.pages.making import Made
from benchmarks.pages.marks import Mark, Role
from benchmarks.pages.scoring.outcome import Item, items_of, letters, place_lines
from benchmarks.pages.scoring.roles import RoleCounts, class_of, taken_for
from benchmarks.pages.scoring.tables import Overlap, TableScore, score_tables
from benchmarks.pages.truth import TruthLine

__all__ = ["DocumentScore", "LineOutcome", "score_document"]

#: Text that is read one block after another; the rest floats, or stands at the edge.
_FLOWING = frozenset(
    {
        *(Role.TITLE, Role.FRONT, Role.HEADING, Role.PARAGRAPH, Role.LIST_ITEM, Role.TERM, Role.DEFINITION),
        *(Role.CODE, Role.REFERENCE),
    }
)
#: What a word in a picture became says little: the picture is there or not.
_UNSCORED = frozenset({Role.PICTURE})


class LineOutcome(msgspec.Struct, frozen=True):
    """A line for pictures: its page and box, what it is, what it was taken for, and its text."""

    page: int
    box: tuple[float, float, float, float]
    truth: str
    outcome: str
    text: str


class DocumentScore(msgspec.Struct):
    """All of a document; shares are from 0 to 1. `split` and `merged` are pairs of neighbouring lines."""

    name: str
    setter: str
    source: str
    facts: dict[str, str]
    roles: RoleCounts
    pairs: int
    split: int
    merged: int
    order: float
    letters: Overlap
    levels: tuple[int, int]
    tables: list[TableScore]
    wrong: list[LineOutcome]
    lines: int
    read: int  # lines all of whose letters are in their item, one after another
    failure: str | None = None

    @property
    def blocks(self) -> float:
        """The share of neighbouring lines that are rightly together or apart."""
        return 1 - (self.split + self.merged) / self.pairs if self.pairs else 1.0

    @property
    def kept(self) -> float:
        """The share of letters that the document has."""
        return self.letters.both / self.letters.truth if self.letters.truth else 1.0

    @property
    def relations(self) -> Overlap:
        """Of all its tables."""
        total = Overlap()
        for table in self.tables:
            total.merge(table.relations)
        return total

    @property
    def whole(self) -> float:
        """One figure to sort by: the mean of what it has."""
        found = [self.roles.right(), self.blocks, self.order, self.letters.f1, self.relations.f1]
        known = [value for value in found if value is not None]
        return sum(known) / len(known)


def score_document(
    made: Made, lines: Sequence[TruthLine], document: DoclingDocument | None, failure: str | None
) -> DocumentScore:
    """Score what docmill made of a document (None: it failed, for the reason `failure`)."""
    lines = [line for line in lines if letters(line.text)]
    items = items_of(document) if document is not None else []
    placed = place_lines(lines, items)
    roles, wrong = RoleCounts(), []
    for line, item in zip(lines, placed, strict=True):
        role = made.marks[line.mark].role
        if role in _UNSCORED:
            continue
        outcome = taken_for(role, item.role if item is not None else "lost")
        roles.add(class_of(role), outcome)
        if outcome != class_of(role):
            box = (line.box.l, line.box.t, line.box.r, line.box.b)
            wrong.append(LineOutcome(line.page, box, class_of(role), outcome, line.text[:80]))
    pairs, split, merged = _blocks(lines, placed, made.marks)
    overlap = Overlap()
    overlap.add(
        Counter("".join(letters(line.text) for line in lines)),
        Counter("".join(item.letters for item in items)),
    )
    tables = score_tables(lines, placed, made.marks, made.facts.get("table", ""))
    return DocumentScore(
        name=made.name,
        setter=made.setter,
        source=made.source,
        facts=made.facts,
        roles=roles,
        pairs=pairs,
        split=split,
        merged=merged,
        order=_order(lines, placed, made.marks),
        letters=overlap,
        levels=_levels(lines, placed, made.marks),
        tables=tables,
        wrong=wrong,
        lines=len(lines),
        read=sum(
            item is not None and letters(line.text) in item.letters
            for line, item in zip(lines, placed, strict=True)
        ),
        failure=failure,
    )


def _blocks(
    lines: Sequence[TruthLine], placed: Sequence[Item | None], marks: Mapping[int, Mark]
) -> tuple[int, int, int]:
    """Pairs of neighbouring lines of running text on one page; those split and those merged wrongly."""
    flowing = [
        (line, item)
        for line, item in zip(lines, placed, strict=True)
        if marks[line.mark].role in _FLOWING and item is not None
    ]
    pairs = split = merged = 0
    for (one, its), (other, others) in pairwise(flowing):
        if one.page != other.page:
            continue
        pairs += 1
        together = its.order == others.order
        split += one.mark == other.mark and not together
        merged += one.mark != other.mark and together
    return pairs, split, merged


def _order(lines: Sequence[TruthLine], placed: Sequence[Item | None], marks: Mapping[int, Mark]) -> float:
    """The share of flowing blocks in the longest run of them that come in order."""
    firsts: dict[int, int] = {}
    for line, item in zip(lines, placed, strict=True):
        if marks[line.mark].role in _FLOWING and item is not None:
            firsts.setdefault(line.mark, item.order)
    tails: list[int] = []
    for place in firsts.values():
        at = bisect_right(tails, place)
        tails[at : at + 1] = [place]
    return len(tails) / len(firsts) if firsts else 1.0


def _levels(
    lines: Sequence[TruthLine], placed: Sequence[Item | None], marks: Mapping[int, Mark]
) -> tuple[int, int]:
    """Pairs of headings one after the other, and how many are rightly deeper, higher or neither."""
    levels: dict[int, tuple[int, int]] = {}
    for line, item in zip(lines, placed, strict=True):
        mark = marks[line.mark]
        if mark.role is Role.HEADING and item is not None and item.role == "heading":
            levels.setdefault(line.mark, (mark.level, item.level))
    found = list(levels.values())
    pairs = list(pairwise(found))
    right = sum(_sign(b[0] - a[0]) == _sign(b[1] - a[1]) for a, b in pairs)
    return len(pairs), right


def _sign(number: int) -> int:
    return (number > 0) - (number < 0)
