"""The text of regions, of their lines joined as `convert/joining` says instead of as docling does."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from docling_core.types.doc import DoclingDocument
from docling_core.types.doc.document import TextItem

from docmill.pipeline.convert.joining.hyphens import Vocabulary
from docmill.pipeline.convert.joining.lines import (
    UNSETTLED,
    decided,
    joined,
    without_line_end_dash,
)
from docmill.pipeline.convert.types import Box, TextCell

__all__ = ["RegionTexts"]

#: Lines of a region that share so much of the lower one's height, and lie side by side, are one line.
_SAME_ROW = 0.5
#: A letter so many times as high as the line beside it is an initial.
_INITIAL = 1.8
#: Parts of a line that are nearer than this fraction of its height are not parted by a space.
_NO_GAP = 0.1


class RegionTexts:
    """Writes the regions' texts as pages come by, and settles their hyphens when all pages are known."""

    def __init__(self) -> None:
        self._vocabulary = Vocabulary()

    def add_page(self, lines: Sequence[TextCell]) -> None:
        """Take in the words of a page."""
        self._vocabulary.add(line.text for line in lines)

    @staticmethod
    def write(lines: Sequence[TextCell]) -> str:
        """The text of a region's lines in reading order; hyphens may be left to `settle`."""
        rows: list[str] = []
        before: Box | None = None
        for number, line in enumerate(lines):
            text = line.text.replace(UNSETTLED, "").strip()
            if not text:
                continue
            if before is not None and len(rows) == 1 and _is_initial(rows[0], before, text, lines[number:]):
                rows[-1] += text
            elif before is not None and _beside(before, line.box):
                close = _gap(before, line.box) < _NO_GAP * line.box.height
                rows[-1] = f"{without_line_end_dash(rows[-1])}{'' if close else ' '}{text}"
            else:
                rows.append(text)
            before = line.box
        return joined(rows)

    def settle(self, document: DoclingDocument) -> None:
        """Decide all hyphens that were left, in place."""
        for item in document.texts:
            if UNSETTLED in item.text or UNSETTLED in item.orig:
                self._settle(item)

    def _settle(self, item: TextItem) -> None:
        text, hyphens = decided(item.text or item.orig, self._vocabulary)
        places = [place for place, char in enumerate(item.text or item.orig) if char == UNSETTLED]
        grown = list(accumulate((len(hyphen) - 1 for hyphen in hyphens), initial=0))

        def moved(position: int) -> int:
            return position + grown[sum(place < position for place in places)]

        for prov in item.prov:
            prov.charspan = (moved(prov.charspan[0]), moved(prov.charspan[1]))
        if item.text:
            item.text = text
        item.orig, _ = decided(item.orig, self._vocabulary)


def _beside(one: Box, two: Box) -> bool:
    """Whether two lines of horizontal text stand on one row, apart from each other."""
    if one.height > one.width and two.height > two.width:
        return False  # columns of text that runs downwards
    least = min(one.height, two.height)
    return min(one.b, two.b) - max(one.t, two.t) > _SAME_ROW * least and _gap(one, two) > -_NO_GAP * least


def _is_initial(text: str, box: Box, rest: str, lines: Sequence[TextCell]) -> bool:
    """Whether a big letter is the first of the word that goes on beside it: no space is left behind it.

    The lines beside it begin at one place; the first one further in when the letter is a word by itself.
    """
    line = lines[0].box
    if len(text) != 1 or not text.isupper() or not rest[0].isalpha() or box.height < _INITIAL * line.height:
        return False
    under = lines[1].box if len(lines) > 1 and _beside(box, lines[1].box) else line
    level = box.t - 0.2 * line.height < (line.t + line.b) / 2 < box.b
    return level and -1.0 < line.l - box.r < 0.5 * line.height and line.l - under.l < 0.15 * line.height


def _gap(one: Box, two: Box) -> float:
    return max(two.l - one.r, one.l - two.r)
