"""Which parts of a page OCR must read: those that show text and have none in the text layer.

OCR costs some thirty times everything else, so pictures on a page that has text are left alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from docmill.pipeline.convert.types import Box, TextCell, Word

__all__ = ["AROUND", "scanned_regions"]

#: Bitmaps that cover this much of a page may be a scan of it.
SCAN_COVERAGE = 0.5
#: Smaller bitmaps are not read (docling's own threshold).
BITMAP_COVERAGE = 0.05
#: Paths on a page without text from which on it may be text drawn as outlines.
OUTLINE_PATHS = 100
#: Headers, Bates numbers and notes of a download are put on a scan within this much of the page's edges.
EDGE = 0.08
#: A scan has text of its own (an OCR layer) with so many words that its lines cover so much of the height:
#: a stamp of a registry has as many words, on a small patch.
LAYER_WORDS = 20
LAYER_HEIGHT = 0.12
#: A title over a picture: a few words that cover this much of the page.
TITLE_WORDS = 3
TITLE_SIZE = 16.0
TITLE_COVERAGE = 0.01
#: So many words beside a bitmap are the page's own text, and the bitmap a picture in it.
WORDS_BESIDE = 8
#: Level lines are not higher than this many times their size: "COPY" across the page is.
SLANTED = 2.0
#: When so much of a page's text is doubtful, all of it is read.
MOSTLY = 0.5
#: Points around a line of the text layer, for OCR's line to lie within.
AROUND = 2.0


def scanned_regions(
    page: Box,
    words: Sequence[Word],
    cells: Sequence[TextCell],
    bitmaps: Sequence[Box],
    paths: int,
    doubtful: Sequence[int],
) -> list[Box]:
    """The regions that OCR must read: the page, the bitmaps that are all there is on it, or doubtful lines.

    `paths`: how many shapes are drawn on the page; `doubtful`: indices into `cells`.
    """
    if doubtful:
        chars = sum(len(cells[index].text) for index in doubtful)
        if chars > MOSTLY * sum(len(cell.text) for cell in cells):
            return [page]
        return [cells[index].box.padded(AROUND) for index in doubtful]
    big = [box for box in bitmaps if box.area > BITMAP_COVERAGE * page.area]
    # A scan may be stored in strips, each of them small.
    whole = sum(box.area for box in bitmaps) >= SCAN_COVERAGE * page.area
    if words:
        return (big or [page]) if whole and not _has_layer(page, _level_words(words, cells), bitmaps) else []
    if whole or (not big and paths >= OUTLINE_PATHS):
        return [page]
    return big


def _has_layer(page: Box, words: Sequence[Word], bitmaps: Sequence[Box]) -> bool:
    """True when the words are the text of the page, not what was put on a scan of it."""
    inner = Box(
        page.l + EDGE * page.width,
        page.t + EDGE * page.height,
        page.r - EDGE * page.width,
        page.b - EDGE * page.height,
    )
    own = [word for word in words if inner.holds_centre(word.box)]
    if (
        sum(not any(box.holds_centre(word.box) for box in bitmaps) for word in own[:LAYER_WORDS])
        >= WORDS_BESIDE
    ):
        return True
    titles = [word.box.area for word in own if word.size >= TITLE_SIZE]
    if len(titles) >= TITLE_WORDS and sum(titles) >= TITLE_COVERAGE * page.area:
        return True
    return len(own) >= LAYER_WORDS and _covered_height(own) >= LAYER_HEIGHT * page.height


def _level_words(words: Sequence[Word], cells: Sequence[TextCell]) -> list[Word]:
    """The words of lines that run along the page."""
    found: list[Word] = []
    for cell in cells:
        members = words[cell.first : cell.first + cell.count]
        if min(cell.box.width, cell.box.height) <= SLANTED * max(word.size for word in members):
            found.extend(members)
    return found


def _covered_height(words: Sequence[Word]) -> float:
    """The height of the page at which words stand, in points."""
    covered, reached = 0.0, float("-inf")
    for box in sorted((word.box for word in words), key=lambda box: box.t):
        covered += max(0.0, box.b - max(box.t, reached))
        reached = max(reached, box.b)
    return covered
