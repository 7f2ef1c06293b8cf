"""Notes and the values of fields among the text of a page.

Notes without an appearance are set by viewers themselves, and so they are set here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from docmill.pipeline.convert.pdf.annotations.annotations import Note
from docmill.pipeline.convert.pdf.text.words import TextContent
from docmill.pipeline.convert.types import Box, TextCell, Word

__all__ = ["beside_labels", "with_notes"]

#: Of an em: how wide a letter is in the mean, a space, and how far apart lines are; viewers use Helvetica.
_LETTER = 0.5
_SPACE = 0.28
_LEADING = 1.2
#: Words of a note that stand in its box already, by its appearance.
_THERE = 0.5
#: What a label ends with that waits for its value.
_COLONS = (":", "\uff1a")
#: Pairs of lines and boxes that are compared; pages of more are left in the order that they have.
_MAX_PAIRS = 200_000
#: A line is in a box, or beside another one, by so much of its height and area.
_INSIDE = 0.5


def with_notes(text: TextContent, notes: Sequence[Note]) -> TextContent:
    """The text of a page and that of the notes which the page does not have as text."""
    missing = [note for note in notes if not _is_there(note, text.words)]
    if not missing:
        return text
    words, cells = list(text.words), list(text.cells)
    for note in missing:
        for line in _lines(note):
            cells.append(TextCell(" ".join(word.text for word in line), _hull(line), len(words), len(line)))
            words.extend(line)
    return TextContent(words, cells, text.left_out)


def beside_labels(text: TextContent, boxes: Sequence[Box]) -> TextContent:
    """The text with what stands in the boxes of fields and notes right behind the label to its left.

    Appearances are drawn after all else, so values would come after all labels. A label that ends
    with a colon and its value are one line, however wide the gap is for the eye.
    """
    if not boxes or len(boxes) * len(text.cells) > _MAX_PAIRS:
        return text
    values: dict[int, list[int]] = defaultdict(list)
    for index, cell in enumerate(text.cells):
        inside = (i for i, box in enumerate(boxes) if cell.box.inside(box.padded(1.0)) > _INSIDE)
        if (box := next(inside, None)) is not None:
            values[box].append(index)
    taken = {index for inside in values.values() for index in inside}
    labels = [index for index in range(len(text.cells)) if index not in taken]
    if len(values) * len(labels) > _MAX_PAIRS:
        return text
    behind: dict[int, list[int]] = defaultdict(list)
    for box in sorted(values, key=lambda box: boxes[box].l):
        label = _label(text.cells, values[box][0], labels)
        if label is not None:
            behind[label] += values[box]
    placed = {index for inside in behind.values() for index in inside}
    words: list[Word] = []
    cells: list[TextCell] = []
    for label, cell in enumerate(text.cells):
        if label in placed:
            continue
        lines = [[cell], *([text.cells[index]] for index in behind.get(label, ()))]
        if len(lines) == 2 and cell.text.endswith(_COLONS):
            lines = [[*lines[0], *lines[1]]]
        for line in lines:
            members = [word for part in line for word in text.words[part.first : part.first + part.count]]
            cells.append(_joined(line, len(words), len(members)))
            words.extend(members)
    return TextContent(words, cells, text.left_out)


def _joined(line: Sequence[TextCell], first: int, count: int) -> TextCell:
    """Parts of a line as one."""
    box = line[0].box
    for part in line[1:]:
        box = box.union(part.box)
    return replace(line[0], text=" ".join(part.text for part in line), box=box, first=first, count=count)


def _label(cells: Sequence[TextCell], value: int, labels: Sequence[int]) -> int | None:
    """The nearest of `labels` to the left of a value, on its line."""
    box = cells[value].box
    beside = [
        index
        for index in labels
        if cells[index].box.r <= box.l + 1.0
        and min(cells[index].box.b, box.b) - max(cells[index].box.t, box.t) > _INSIDE * box.height
    ]
    return max(beside, key=lambda index: cells[index].box.r, default=None)


def _is_there(note: Note, words: Sequence[Word]) -> bool:
    frame = note.box.padded(1.0)
    there = "".join(word.text for word in words if word.box.inside(frame) > 0.5)
    said = note.text.split()
    return sum(word in there for word in said) > _THERE * len(said)


def _lines(note: Note) -> Iterator[list[Word]]:
    """The note's words, wrapped to its width, from its top downwards."""
    letter, space = _LETTER * note.size, _SPACE * note.size
    top = note.box.t
    for paragraph in note.text.replace("\r", "\n").split("\n"):
        line: list[Word] = []
        left = note.box.l
        for text in paragraph.split():
            if line and left + letter * len(text) > note.box.r:
                yield line
                line, left, top = [], note.box.l, top + _LEADING * note.size
            box = Box(left, top, left + letter * len(text), top + note.size)
            line.append(Word(text, box, note.size, -1))
            left = box.r + space
        if line:
            yield line
            top += _LEADING * note.size


def _hull(words: Sequence[Word]) -> Box:
    first, last = words[0].box, words[-1].box
    return first.union(last)
