"""Page headers and footers: what repeats in the margins, and what stands there as nothing but furniture does.

A line that comes back from page to page is furniture. For any other the page itself must speak: its words,
a page's number on its line, its type, the space and the rules around it, and whether the page is one out of
the middle of a text. On a short document of one page the first line is text more often than not.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

from docmill.pipeline.convert.layout.blocks.blocks import Block
from docmill.pipeline.convert.layout.blocks.line_ends import is_terminated
from docmill.pipeline.convert.layout.blocks.markers import (
    CAPTION,
    SECTION_NUMBER,
    is_page_number,
    is_reference_mark,
)
from docmill.pipeline.convert.layout.blocks.spatial import rulings_between
from docmill.pipeline.convert.layout.labels.furniture_words import (
    ends_in_number,
    furniture_wording,
    is_folio,
    page_value,
)
from docmill.pipeline.convert.layout.style import DocumentStyle, furniture_heights
from docmill.pipeline.convert.types import Ruling

__all__ = ["Margins", "furniture_label", "margins"]

_LOWEST_HEAD = 0.2
_HEAD, _FOOT = 0.15, 0.8  # of the page's height: where heads end and feet begin
_DEEP_HEAD, _DEEP_FOOT = 0.11, 0.89  # what is nearer to the text than that is seldom furniture
_EDGE_HEAD, _EDGE_FOOT = 0.075, 0.925  # what is nearer to the page's edge than that often is
_VERY_EDGE = 0.045  # nearly nothing but furniture is so near to an edge
_SEEN = 0.5  # the detector's word
_SIDE = 0.14  # of the page's width: where text turned on its side is furniture
_ENOUGH = 2.5
_MOST_ROWS, _MOST_CHARS = 3, 250
_RUNNING = 5  # characters of a running title, at least
_NOTICE_ROWS, _NOTICE_CHARS = 7, 900  # of a publisher's or a licence's notice
_MOST_STEPS = 8  # lines from a margin into the text
_PROSE_ROWS = 15  # of a page full of text


#: What stands under a table or figure.
_NOTE = re.compile(r"(?:sources?|notes?|quellen?|anmerkung(?:en)?|fuentes?|fontes?|nota) ?:", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Margins:
    """What the whole page says about the lines in its margins."""

    inner: float  # 1 for a page out of the middle of a text, 0.5 when only its end says so
    full: bool  # prose fills the page
    opens: bool  # its prose begins with a sentence
    echoed: frozenset[str]  # what short lines say that say it in larger type too, or in both margins
    folios: tuple[Block, ...]  # page numbers in the margins
    known: frozenset[int]  # first cells of blocks that come back on other pages
    whole: frozenset[int]  # of those, the ones all of whose lines do
    heights: frozenset[int]  # of lines that come back, in hundredths of the page's
    head: float  # where the lowest of those in the head ends, and the highest in the foot begins
    foot: float


def margins(
    blocks: Sequence[Block], number: int, height: float, style: DocumentStyle, repeated: Container[int] = ()
) -> Margins:
    """The evidence of page `number`, counted from 1, which is `height` points high.

    `repeated` holds the cells of lines that stand at the same place on other pages.
    """
    folios = tuple(
        block
        for block in blocks
        if len(block.rows) == 1
        and not _HEAD * height < block.box.b < 0.85 * height
        and is_folio(block.text)
        and block.size <= 1.25 * style.body_size
    )
    prose = [block for block in blocks if len(block.rows) >= 3 and block.chars > 120]
    rows = sum(len(block.rows) for block in prose)
    extent = max((b.box.b for b in prose), default=0.0) - min((b.box.t for b in prose), default=0.0)
    full = rows >= _PROSE_ROWS and extent > 0.5 * height
    known = [block for block in blocks if all(cell in repeated for cell in block.rows[0].cells)]
    return Margins(
        _inner(blocks, prose, folios, number, height),
        full,
        bool(prose) and not min(prose, key=lambda block: block.box.t).text[:1].islower(),
        _echoed(blocks, height),
        folios,
        frozenset(block.rows[0].cells[0] for block in known),
        frozenset(
            block.rows[0].cells[0] for block in known if all(row.cells[0] in repeated for row in block.rows)
        ),
        furniture_heights(style),
        max((block.box.b for block in known if block.box.b < _HEAD * height), default=0.0),
        min((block.box.t for block in known if block.box.t > _FOOT * height), default=height),
    )


def _inner(
    blocks: Sequence[Block], prose: Sequence[Block], folios: Sequence[Block], number: int, height: float
) -> float:
    """How much speaks for a page out of the middle of a text, 0 to 1: its number, and where prose breaks."""
    numbered = any(page_value(folio.text) > 1 for folio in folios)
    if not prose:
        return 0.5 if numbered or number > 1 else 0.0  # slides have numbers too
    first = min(prose, key=lambda block: block.box.t)
    last = max(prose, key=lambda block: block.box.b)
    over = [block for block in blocks if block.box.b < first.box.t]
    if numbered or (first.text[:1].islower() and all(block.box.b < _HEAD * height for block in over)):
        return 1.0
    broken = not is_terminated(last.rows[-1]) and last.text[-1:].isalnum()
    return 0.5 if number > 1 or broken else 0.0


def _echoed(blocks: Sequence[Block], height: float) -> frozenset[str]:
    """What a line in a margin says that a heading or the other margin says too."""
    said: dict[str, list[Block]] = {}
    for block in blocks:
        if len(block.rows) <= _MOST_ROWS and _RUNNING < len(block.text) <= _MOST_CHARS:
            said.setdefault(block.text.casefold(), []).append(block)

    def echoes(same: Sequence[Block]) -> bool:
        heights = [block.box.t for block in same]
        larger = max(block.size for block in same) > 1.1 * min(block.size for block in same)
        return larger or (min(heights) < _HEAD * height and max(heights) > _FOOT * height)

    return frozenset(text for text, same in said.items() if len(same) > 1 and echoes(same))


def _gap(block: Block, blocks: Sequence[Block], *, below: bool) -> float:
    """The white space between a block and the nearest one under (or over) it."""
    if below:
        tops = [other.box.t for other in blocks if other.box.t >= block.box.b - 1 and other is not block]
        return min(tops, default=float("inf")) - block.box.b
    bottoms = [other.box.b for other in blocks if other.box.b <= block.box.t + 1 and other is not block]
    return block.box.t - max(bottoms, default=float("-inf"))


def _low_head(block: Block, height: float, separators: Sequence[Ruling], around: Margins) -> bool:
    """True for a line under a page's number, over a rule that closes a deep head, as courts have it."""
    return (
        block.box.b < _LOWEST_HEAD * height
        and any(folio.box.b < block.box.t and folio.box.b < _HEAD * height for folio in around.folios)
        and _ruled_off(block, separators, below=True)
    )


def _ruled_off(block: Block, separators: Sequence[Ruling], *, below: bool) -> bool:
    """True when a rule at least some two inches long sets a block off from the text."""
    box = block.box
    top, bottom = (box.b - 2, box.b + 12) if below else (box.t - 12, box.t + 2)
    return any(ruling.x1 - ruling.x0 >= 150 for ruling in rulings_between(separators, top, bottom))


def furniture_label(
    block: Block,
    blocks: Sequence[Block],
    page: tuple[float, float],
    style: DocumentStyle,
    separators: Sequence[Ruling],
    vote: Mapping[str, float],
    around: Margins,
) -> str | None:
    """`page_header`, `page_footer` or None. `page` is the page's width and height, `blocks` its margin's."""
    width, height = page
    box, text = block.box, block.text
    if height <= 0 or width <= 0:
        return None
    if block.rows[0].angle in (90, 270):
        centre = (box.l + box.r) / 2 / width
        return "page_header" if not _SIDE < centre < 1 - _SIDE and len(blocks) > 3 else None
    head, foot = (
        box.b < _HEAD * height or _low_head(block, height, separators, around),
        box.t > _FOOT * height,
    )
    known = block.rows[0].cells[0] in around.known
    # by itself on its page, which a table or a picture fills
    if not (head or foot) or (len(blocks) < 2 and not (known and is_page_number(text))):
        return None
    if not any(map(str.isalnum, text)):
        return None
    rows = _NOTICE_ROWS if block.rows[0].cells[0] in around.whole else _MOST_ROWS
    short = len(block.rows) <= rows and len(text) <= _MOST_CHARS
    if not short and not (
        len(block.rows) <= _NOTICE_ROWS
        and len(text) <= _NOTICE_CHARS
        and block.size < style.body_size
        and furniture_wording(text) >= 3
    ):
        return None
    if CAPTION.match(text) and not known:
        return None
    if head:
        small = block.size <= 1.1 * style.body_size
        possible = (known and small) or _is_header(block, blocks, height, style)
        number = is_page_number(text)
    else:
        possible = _is_footer(block, blocks)
        number = _is_number_at_foot(block, blocks, style)
    if not possible:
        return None
    if not (known or number):
        if _in_text(block, blocks, height, around, head=head):
            return None
        voted = vote.get("header" if head else "footer", 0.0)
        if _strength(block, blocks, height, style, separators, voted, around, head=head) < _ENOUGH:
            return None
    return "page_header" if head else "page_footer"


def _in_text(block: Block, blocks: Sequence[Block], height: float, around: Margins, *, head: bool) -> bool:
    """True for a line within the furniture that is known, or that goes on, line after line, into the text."""
    small_print = furniture_wording(block.text) >= 3
    inside = block.box.t > around.head if head else block.box.b < around.foot
    bound = around.head > 0 if head else around.foot < height
    if bound and inside and not small_print:
        return True
    face = _face(block)
    here = block
    for _ in range(_MOST_STEPS):
        after = [
            other
            for other in blocks
            if other is not here
            and _face(other) == face
            and min(other.box.r, here.box.r) > max(other.box.l, here.box.l)
            and -1 <= (other.box.t - here.box.b if head else here.box.t - other.box.b) < 1.2 * here.size
        ]
        if not after:
            return False
        here = (
            min(after, key=lambda other: other.box.t) if head else max(after, key=lambda other: other.box.b)
        )
        if here.box.b > _HEAD * height if head else here.box.t < _FOOT * height:
            return not small_print
    return False


def _face(block: Block) -> tuple[float, str, bool, bool]:
    row = block.rows[-1]
    return (block.size, row.font, row.bold, row.italic)


def _is_header(block: Block, blocks: Sequence[Block], height: float, style: DocumentStyle) -> bool:
    """False where what stands above or beside a block tells that it is no header."""
    box = block.box
    above = [other for other in blocks if other.box.b < box.t - 1]
    if any(len(other.rows) > 3 or other.size > 1.3 * style.body_size for other in above):
        return False
    # a column of text that begins beside it: it heads the next one
    return not any(
        len(other.rows) > 1 and other.box.t <= box.b < other.box.b - other.size
        for other in blocks
        if other.box.b >= _HEAD * height
    )


def _is_footer(block: Block, blocks: Sequence[Block]) -> bool:
    """False where text stands under a block."""
    below = [other for other in blocks if other.box.t > block.box.b + 1]
    return not any(len(other.rows) > 3 for other in below if other.size >= block.size)


def _is_number_at_foot(block: Block, blocks: Sequence[Block], style: DocumentStyle) -> bool:
    if not is_page_number(block.text):
        return False
    below = [other for other in blocks if other.box.t > block.box.b + 1]
    small = all(len(other.rows) <= 2 and other.size <= style.body_size for other in below)
    return small and len(below) <= 2 and _gap(block, blocks, below=False) > 0.5 * style.body_size


def _strength(
    block: Block,
    blocks: Sequence[Block],
    height: float,
    style: DocumentStyle,
    separators: Sequence[Ruling],
    vote: float,
    around: Margins,
    *,
    head: bool,
) -> float:
    """How strongly a line speaks for being furniture; 2.5 is enough."""
    box = block.box
    words = furniture_wording(block.text)
    small = _is_small(block, style)
    ruled = _ruled_off(block, separators, below=head)
    numbered = _beside_number(block, around) or is_folio(block.text)
    sparse = not around.full and around.inner < 1
    strength = words * (1.0 if words >= 3 or small or around.inner else 0.5)
    strength += 2.0 if numbered else 1.0 if ends_in_number(block.text) and around.full else 0.0
    strength += (
        (1.0 if sparse else 1.5) * vote + 1.0 * ruled + around.inner + 0.5 * around.full - 1.0 * sparse
    )
    strength += _type(block, style)
    far = box.b < _EDGE_HEAD * height if head else box.t > _EDGE_FOOT * height
    near = box.b > _DEEP_HEAD * height if head else box.t < _DEEP_FOOT * height
    strength += 0.5 * far - 1.0 * near
    gap = _gap(block, blocks, below=head)
    outermost = box.b < _VERY_EDGE * height if head else box.t > (1 - _VERY_EDGE) * height
    edge = small and outermost
    if outermost and vote > _SEEN and gap > 3 * block.size:
        strength += 2.0
    elif edge:
        level = [other for other in blocks if abs(other.rows[0].middle - block.rows[0].middle) < 1]
        strength += 2.0 if sum(_face(other) == _face(block) for other in level) >= 3 else 1.0
    if not near and round(block.rows[0].middle / height * 100) in around.heights:
        strength += 1.5  # other pages have their head or foot here
    if block.text.casefold() in around.echoed:
        strength += 2.0
    strength += 0.5 if gap > 1.3 * style.body_size else -0.5 if gap < 0.6 * style.body_size else 0.0
    # a heading may stand over text that begins with a sentence
    middle = around.inner == 1 and (vote > _SEEN or not (head and around.opens))
    if not middle and not (words >= 2 or small or ruled or numbered):
        strength -= 1.0  # nothing but where it stands
    if sparse and style.pages == 1 and words < 2 and not numbered and not ruled:
        strength -= 0.5  # a form, a slide or a card: what it says first is what it is about
    if _NOTE.match(block.text):
        strength -= 2.0
    if not head and small and is_reference_mark(block.text) and block.chars > 20 and words < 2:
        strength -= 2.0  # a note
    if head and SECTION_NUMBER.match(block.text) and not numbered and not small:
        strength -= 1.0
    if head and not (words or numbered or edge) and _over_title(block, blocks, style):
        strength -= 1.0
    if block.text.endswith(":") or (len(block.rows) > 1 and not small and words < 3):
        strength -= 1.0
    return strength


def _is_small(block: Block, style: DocumentStyle) -> bool:
    """True for type smaller than the body's; recognised sizes are estimates."""
    return block.size <= (0.8 * style.body_size if block.rows[0].ocr else style.body_size - 0.5)


def _type(block: Block, style: DocumentStyle) -> float:
    """What the type of a line is worth, beside the body's."""
    row = block.rows[0]
    ratio = block.size / style.body_size
    worth = 1.0 if _is_small(block, style) else -1.5 if ratio > 1.25 else -1.0 if ratio > 1.05 else 0.0
    letters = [char for char in block.text if char.isalpha()]
    if block.all("bold") and not style.body_bold and ratio > 0.95:
        worth -= 0.5
    elif (block.all("italic") and not style.body_italic) or (
        len(letters) > 3 and all(map(str.isupper, letters))
    ):
        worth += 0.5
    elif row.font != style.body_font:
        worth += 0.25
    return worth


def _beside_number(block: Block, around: Margins) -> bool:
    """True when a page's number stands on the block's line."""
    return any(
        folio is not block and abs(folio.rows[0].middle - block.rows[0].middle) < 0.6 * block.size
        for folio in around.folios
    )


def _over_title(block: Block, blocks: Sequence[Block], style: DocumentStyle) -> bool:
    """True when the next lines are larger than the text: a chapter's number, a line over a title."""
    below = [other for other in blocks if other.box.t >= block.box.b - 1 and other is not block]
    first = min(below, key=lambda other: other.box.t, default=None)
    return first is not None and first.size > 1.15 * style.body_size and first.size > block.size
