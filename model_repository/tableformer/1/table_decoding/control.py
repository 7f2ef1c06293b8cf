"""The rules by which a table's tags are written, and which of them give a box.

docling-ibm-models 4.0.4, `TableModel04_rs.predict`. No arrays and no engine: one table, one tag at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

__all__ = ["END", "MAX_TAGS", "START", "TAGS", "TagSequence"]

#: The vocabulary of docling's checkpoints, by index.
TAGS = (
    *("<pad>", "<unk>", "<start>", "<end>"),
    *("ecel", "fcel", "lcel", "ucel", "xcel", "nl", "ched", "rhed", "srow"),
)
_ID = {tag: number for number, tag in enumerate(TAGS)}
START, END = _ID["<start>"], _ID["<end>"]
_FCEL, _LCEL, _UCEL, _XCEL, _NL = (_ID[tag] for tag in ("fcel", "lcel", "ucel", "xcel", "nl"))
#: The model's positions, and the most tags it writes.
MAX_TAGS = 1024

#: Tags at which the cell before them gets its box: the hidden state that wrote them tells where it ends.
_CLOSE_CELL = frozenset(_ID[tag] for tag in ("fcel", "ecel", "ched", "rhed", "srow", "nl", "ucel"))
#: Tags after which no cell is waiting for a box.
_NOTHING_OPEN = frozenset({_NL, _UCEL, _XCEL})


@dataclass
class TagSequence:
    """One table as it is written. `tags` begins with `<start>` and has `<end>` once it is complete."""

    max_tags: int = MAX_TAGS
    tags: list[int] = field(default_factory=lambda: [START])
    #: For a box that begins a cell over several columns, the box in which it ends; -1 while that is unknown.
    spans: dict[int, int] = field(default_factory=dict)
    done: bool = False
    #: Boxes asked for so far.
    count: int = 0
    _nothing_open: bool = True
    _after_ucel: bool = False
    #: The box at which the span that is being written began.
    _span: int = -1
    _in_span: bool = False

    def add(self, tag: int) -> bool:
        """Take the tag that the model finds likeliest; says whether its hidden state gives a box.

        The tag kept may be another one: `xcel` is always read as `lcel` (docling means to do so in the first
        row only, and never leaves it), and `lcel` after `ucel` as `fcel`.
        """
        if tag == _XCEL:
            tag = _LCEL
        if self._after_ucel and tag == _LCEL:
            tag = _FCEL
        self.tags.append(tag)
        self.done = tag == END or len(self.tags) > self.max_tags
        if tag == END:
            return False
        gives_box = False
        if not self._nothing_open and tag in _CLOSE_CELL:
            gives_box = True
            if self._in_span:
                self.spans[self._span] = self.count
        if tag != _LCEL:
            self._in_span = False
        elif not self._in_span:
            gives_box = self._in_span = True
            self._span = self.count
            self.spans[self._span] = -1
        self.count += gives_box
        self._nothing_open = tag in _NOTHING_OPEN
        self._after_ucel = tag == _UCEL
        return gives_box

    def boxes(self) -> Iterator[tuple[int, int]]:
        """The boxes that are left once spans are joined: the first and the last of each, by index.

        They are the same but for spans. A span that nothing closed ends, as in docling, at the table's last
        box, which stays.
        """
        joined = set(self.spans.values())
        for first in range(self.count):
            if first in self.spans:
                yield first, self.spans[first] % self.count
            elif first not in joined:
                yield first, first
