"""Doubtful lines of a text layer against what OCR read in their place: which of the two stands.

What says nothing goes for whatever OCR read there. Letters that look moved go only when OCR read other words,
in letters that are like a language: code, part numbers and lists of abbreviations stay as they are.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from docmill.pipeline.convert.pdf.missing_text.doubt import says_nothing
from docmill.pipeline.convert.pdf.missing_text.letter_pairs import LIKELY, MIN_PAIRS, pair_likelihood
from docmill.pipeline.convert.pdf.missing_text.scans import AROUND
from docmill.pipeline.convert.types import Box, LeftOut, PageContent, PageOcr, TextCell, Word

__all__ = ["settled", "without_replaced"]

#: Of OCR's words, so many stand in the text layer as well when that is right.
_AGREED = 0.4
_LEAST_LETTERS = 3
#: Pairs of letters that tell, where the text layer has no letters.
_FEWEST_PAIRS = 60
#: Of a text layer's length, OCR has read so much when it has read the page.
_READ_SHARE = 0.5


def settled(page: PageContent, ocr: PageOcr) -> PageOcr:
    """What OCR read, less its lines where the text layer stands, and with the lines that they replace."""
    if not page.doubted or not ocr.cells:
        return ocr
    places = {index: page.cells[index].box.padded(AROUND) for index in page.doubted}
    moved = [index for index in page.doubted if not says_nothing(page.cells[index].text)]
    over_moved = _over(ocr.cells, [places[index] for index in moved])
    stays = bool(moved) and not _better(
        [ocr.cells[index].text for index in over_moved], [page.cells[index].text for index in moved]
    )
    dropped = set(over_moved) if stays else set()
    lines = [cell for index, cell in enumerate(ocr.cells) if index not in dropped]
    gone = [
        index
        for index in page.doubted
        if not (stays and index in moved) and _over(lines, [places[index]], mutual=True)
    ]
    kept, words = _without(ocr.cells, ocr.words, dropped)
    return replace(ocr, cells=kept, words=words, replaces=gone)


def without_replaced(page: PageContent, ocr: PageOcr | None) -> PageContent:
    """The page without those lines of its text layer that OCR's stand in place of."""
    if ocr is None or not ocr.replaces:
        return page
    cells, words = _without(page.cells, page.words, set(ocr.replaces))
    gone = sum(char.isalnum() for index in ocr.replaces for char in page.cells[index].text)
    left_out = page.left_out | ({LeftOut.GARBLED: gone} if gone else {})
    return replace(page, cells=cells, words=words, doubted=[], left_out=left_out)


def _without(
    cells: Sequence[TextCell], words: Sequence[Word], dropped: set[int]
) -> tuple[list[TextCell], list[Word]]:
    kept: list[TextCell] = []
    left: list[Word] = []
    for index, cell in enumerate(cells):
        if index not in dropped:
            kept.append(replace(cell, first=len(left)))
            left.extend(words[cell.first : cell.first + cell.count])
    return kept, left


def _over(cells: Sequence[TextCell], places: Sequence[Box], *, mutual: bool = False) -> list[int]:
    """The indices of the cells whose centre lies in one of `places`; or, `mutual`, that hold its centre."""
    return [
        index
        for index, cell in enumerate(cells)
        if any(place.holds_centre(cell.box) or (mutual and cell.box.holds_centre(place)) for place in places)
    ]


def _better(read: Sequence[str], layer: Sequence[str]) -> bool:
    """True when OCR read enough, like a language, and other words than the text layer has."""
    new, old = " ".join(read), " ".join(layer)
    likelihood, pairs = pair_likelihood(new)
    least = MIN_PAIRS if any(map(str.isalpha, old)) else _FEWEST_PAIRS
    if pairs < least or likelihood < LIKELY or len(new) < _READ_SHARE * len(old):
        return False
    words = [word for word in new.casefold().split() if len(word) >= _LEAST_LETTERS]
    known = set(old.casefold().split())
    return sum(word in known for word in words) < _AGREED * len(words)
