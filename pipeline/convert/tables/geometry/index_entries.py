"""Tables of contents and other indexes: a row for each entry, its title and its page number."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from docmill.pipeline.convert.tables.geometry.textlines import TextLine, em_of, hull, text_lines
from docmill.pipeline.convert.tables.slanet.skeleton import MAX_ROWS, Skeleton, Slot, filled
from docmill.pipeline.convert.types import Word

__all__ = ["index_skeleton", "is_index"]

_DOTS = ".·․‥…_"
_LEADER = re.compile(rf"[{_DOTS}](?:\s*[{_DOTS}]){{2,}}|[‥…]")
_PAGE = re.compile(
    rf"[{_DOTS}]*(?:[A-Z]{{0,2}}[-–.]?\d{{1,4}}(?:[-–.]\d{{1,4}})?|[ivxlcdm]{{1,8}}|[IVXLCDM]{{1,8}})"
)
#: A figure, or what stands for none; dots that lead are more than three.
_VALUE = re.compile(r"[-–—−+(]?[\d.,]*\d[%)]?|[-–—−]|\.{3}|…")
#: Fewer page numbers than this do not tell by their order what they are.
_ENOUGH = 4


def is_index(label: str, words: Sequence[Word]) -> bool:
    """True for a region whose lines mostly end in page numbers: dots lead to them, or the label says so.

    Dots lead to values too: those are several in a line, or do not rise as pages do.
    """
    lines = text_lines(words)
    ended = [line for line in lines if _page_start(line) is not None]
    if len(lines) < 2 or 2 * len(ended) < len(lines):
        return False
    if 2 * sum(_has_values(line) for line in ended) > len(ended) or _falls(ended):
        return False
    figures = [line for line in lines if _VALUE.fullmatch(line.words[-1].text) and _page_start(line) is None]
    if label != "document_index" and 5 * len(figures) > len(lines):
        return False
    led = sum(bool(_LEADER.search(" ".join(word.text for word in line.words))) for line in ended)
    return label == "document_index" or 2 * led >= len(lines)


def _has_values(line: TextLine) -> bool:
    """Whether the word before the closing number is a number too, and stands apart from it."""
    if len(line.words) < 3:
        return False
    before, last = line.words[-2:]
    gap = last.box.l - before.box.r
    return bool(_VALUE.fullmatch(before.text)) and gap > 0.6 * max(last.size, last.box.height)


def _falls(lines: Sequence[TextLine]) -> bool:
    """Whether the closing numbers of at least four lines fall nearly as often as they rise."""
    pages = [int(line.words[-1].text) for line in lines if line.words[-1].text.isdecimal()]
    falls = sum(after < before for before, after in pairwise(pages))
    return len(pages) >= _ENOUGH and 3 * falls > len(pages) - 1


def index_skeleton(words: Sequence[Word]) -> Skeleton:
    """Two columns: titles, with the dots after them (docling keeps them too), and page numbers.

    A line without a number whose next line is indented further, or goes on in lower case, is the start
    of that line's title. Any other line without a number is a row of its own.
    """
    em = em_of(words)
    index_of = {id(word): index for index, word in enumerate(words)}
    slots: list[Slot] = []
    title: list[Word] = []
    row = 0
    lines = text_lines(words)[:MAX_ROWS]
    for at, line in enumerate(lines):
        cut = _page_start(line)
        title += line.words[:cut]
        if cut is None and at + 1 < len(lines) and _goes_on(line, lines[at + 1], em):
            continue
        number = [] if cut is None else line.words[cut:]
        for col, members in enumerate((title, number)):
            box = hull(members) if members else None
            slots.append(Slot(row, col, box=box, words=tuple(sorted(index_of[id(w)] for w in members))))
        title = []
        row += 1
    return filled(slots, "index")


def _goes_on(line: TextLine, following: TextLine, em: float) -> bool:
    close = following.box.t - line.box.b < 0.6 * em
    indented = following.box.l > line.box.l + 0.5 * em and not following.words[0].text[:1].isdigit()
    return close and _page_start(following) is not None and (indented or following.words[0].text[0].islower())


def _page_start(line: TextLine) -> int | None:
    """Where a line's closing page number begins, or None."""
    at = len(line.words) - 1
    return at if at > 0 and _PAGE.fullmatch(line.words[at].text) else None
