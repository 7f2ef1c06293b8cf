"""Tables of contents and other indexes: a row for each entry, its title and its page number."""

from __future__ import annotations

import re
from collections.abc import Sequence

from docmill.pipeline.convert.tables.geometry.textlines import TextLine, em_of, hull, text_lines
from docmill.pipeline.convert.tables.slanet.skeleton import MAX_ROWS, Skeleton, Slot, filled
from docmill.pipeline.convert.types import Word

__all__ = ["index_skeleton", "is_index"]

_DOTS = ".·․‥…_"
_LEADER = re.compile(rf"[{_DOTS}](?:\s*[{_DOTS}]){{2,}}|[‥…]")
_PAGE = re.compile(
    rf"[{_DOTS}]*(?:[A-Z]{{0,2}}[-–.]?\d{{1,4}}(?:[-–.]\d{{1,4}})?|[ivxlcdm]{{1,8}}|[IVXLCDM]{{1,8}})"
)


def is_index(label: str, words: Sequence[Word]) -> bool:
    """True for a region whose lines mostly end in page numbers: dots lead to them, or the label says so."""
    lines = text_lines(words)
    ended = [line for line in lines if _page_start(line) is not None]
    if len(lines) < 2 or 2 * len(ended) < len(lines):
        return False
    led = sum(bool(_LEADER.search(" ".join(word.text for word in line.words))) for line in ended)
    return label == "document_index" or 2 * led >= len(lines)


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
