"""Text rows: line cells with their typographic style."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from statistics import median

import msgspec
from msgspec.structs import replace

from docmill.pipeline.convert.layout.blocks.markers import is_bullet, leading_marker
from docmill.pipeline.convert.layout.blocks.pitch import is_scan, typed_lines
from docmill.pipeline.convert.layout.blocks.spatial import finite
from docmill.pipeline.convert.layout.blocks.traits import (
    code_like,
    equal_advances,
    fixed_fonts,
    is_math_font,
    is_small_caps,
    math_symbols,
    optical_size,
)
from docmill.pipeline.convert.types import Box, Font, PageContent, PageOcr, TextCell, Word

__all__ = ["Face", "Lettering", "Row", "text_rows"]

#: What makes two lines look alike: size, font, bold and italic.
Face = tuple[float, str, bool, bool]
#: A face, and whether all is in capitals.
Lettering = tuple[float, str, bool, bool, bool]

_LEAST_CAPITALS = 4  # characters of a line of which that says something
_NO_FONT = Font("")
#: Within so much of each other, the height and the width of a recognised line agree on its size.
_AGREED = 1.35
_RAISED = (0.1, 0.25)  # of a line's height: tops and bottoms of other fonts on the line differ by less


class Row(msgspec.Struct, frozen=True, gc=False):
    """One or more line cells on a baseline, with the style that most of their characters have."""

    cells: tuple[int, ...]  # indices into the page's lines, text layer first, then OCR
    box: Box
    text: str
    size: float
    chars: int
    bold: bool = False
    italic: bool = False
    mono: bool = False
    rtl: bool = False
    angle: int = 0
    font: str = ""
    first: str = ""  # the first word
    first_font: str = ""
    first_width: float = 0.0  # of the least that cannot be parted
    body_offset: float = 0.0  # from the row's start edge to its second word
    ocr: bool = False
    math: float = 0.0  # the fraction of characters from mathematical fonts or symbols
    code: bool = False  # monospaced, or written as program code is
    split: bool = False  # other text stands on the same baseline, across a gap too wide to join
    starts: tuple[bool, bool] = (False, False)  # bold and italic, of its first word and of its last: those of
    ends: tuple[bool, bool] = (False, False)  # a line with the end of a heading in it differ
    raised: bool = (
        False  # some of it is set above the line, as note marks are; looked for on first pages alone
    )

    @property
    def face(self) -> Face:
        """What the row is set in."""
        return self.size, self.font, self.bold, self.italic

    @property
    def lettering(self) -> Lettering:
        """What the row is set in, and whether all of it is in capitals."""
        return *self.face, self.chars >= _LEAST_CAPITALS and self.text.isupper()

    @property
    def uniform(self) -> bool:
        """True when the row begins and ends in the weight and slant that most of it has."""
        return self.starts == self.ends == (self.bold, self.italic)

    @property
    def small_caps(self) -> bool:
        """True for a row in a font of small capitals, by its name."""
        return is_small_caps(self.font)

    @property
    def start(self) -> float:
        """Where reading starts; grows along the reading direction (mirrored for right-to-left)."""
        return -self.box.r if self.rtl else self.box.l

    @property
    def end(self) -> float:
        """Where reading ends, on the same axis as `start`."""
        return -self.box.l if self.rtl else self.box.r

    @property
    def marker(self) -> bool:
        """True when the row starts with a bullet or an enumerator that has text after it.

        A letter `o` set off from its text is Word's second bullet, in whatever font it comes.
        """
        found = leading_marker(self.first, self.first_font)
        if not found:
            return self.first == "o" and self.set_off
        return len(found) < len(self.first) or len(self.text.split(None, 1)) > 1

    @property
    def own_bullet(self) -> bool:
        """True when the row starts with a bullet of another typeface, which is no part of its text."""
        return is_bullet(self.first, self.first_font) and _family(self.first_font) != self.font

    @property
    def set_off(self) -> bool:
        """True when more than a space parts the first word from the second; typewriters' is 0.6 em."""
        return self.body_offset - self.first_width > (0.9 if self.mono else 0.45) * self.size

    @property
    def centre(self) -> float:
        """Horizontal centre."""
        return (self.box.l + self.box.r) / 2

    @property
    def middle(self) -> float:
        """Vertical centre."""
        return (self.box.t + self.box.b) / 2


def _family(name: str) -> str:
    """A font's name without its subset tag."""
    head, plus, tail = name.partition("+")
    return tail if plus and len(head) == 6 and head.isupper() else name


def _ideographic(text: str) -> bool:
    """True for text that may break after any character."""
    return "\u3040" <= text[:1] <= "\u9fff"


def _row(
    index: int,
    line: TextCell,
    words: Sequence[Word],
    fonts: Sequence[Font],
    fixed_pitch: frozenset[int] = frozenset(),
) -> Row | None:
    text = line.text.strip()
    if not text or not finite(line.box):
        return None
    faces: dict[tuple[float, int], int] = {}  # (size, font) -> characters
    for word in words:
        face = (word.size, word.font)
        faces[face] = faces.get(face, 0) + len(word.text)
    chars = sum(faces.values())
    if not chars:
        chars, faces = len(text), {(0.0, -1): len(text)}
    sizes: dict[float, int] = {}
    bold = italic = mono = math = 0
    for (size, number), weight in faces.items():
        size = round(size * 2) / 2 if isfinite(size) and size > 0 else line.box.height
        sizes[size] = sizes.get(size, 0) + weight
        font = fonts[number] if 0 <= number < len(fonts) else _NO_FONT
        bold += weight * font.bold
        italic += weight * font.italic
        mono += weight * (font.mono or number in fixed_pitch)
        math += weight * is_math_font(font.name)
    main = max(faces, key=lambda face: faces[face])[1]
    first = words[0] if words else Word(text.split(None, 1)[0], line.box, 0.0, -1)
    offset = 0.0
    if len(words) > 1:
        offset = first.box.r - words[1].box.r if line.rtl else words[1].box.l - first.box.l
    fixed = mono > 0.7 * chars or equal_advances(words)
    most = (bold > 0.6 * chars, italic > 0.6 * chars)
    return Row(
        cells=(index,),
        box=line.box,
        text=text,
        size=max(1.0, max(sizes, key=lambda size: (sizes[size], size))),
        chars=chars,
        bold=most[0],
        italic=most[1],
        mono=fixed,
        rtl=line.rtl,
        angle=first.angle,
        font=_family(fonts[main].name) if 0 <= main < len(fonts) else "",
        first=first.text,
        first_font=fonts[first.font].name if 0 <= first.font < len(fonts) else "",
        first_width=min(first.box.width, first.box.height) if _ideographic(first.text) else first.box.width,
        body_offset=max(0.0, offset),
        ocr=line.ocr,
        math=min(1.0, (math + math_symbols(text)) / chars),
        code=fixed or code_like(text),
        # a number before a heading is too short to tell
        starts=next(filter(None, (_face(word, fonts) for word in words[:2])), most)
        if len(faces) > 1
        else most,
        ends=(_face(words[-1], fonts) or most) if len(faces) > 1 else most,
    )


def _face(word: Word, fonts: Sequence[Font]) -> tuple[bool, bool] | None:
    """Whether a word is bold and italic; None for one that is too short to tell, such as a note's mark."""
    if not 0 <= word.font < len(fonts) or sum(map(str.isalpha, word.text)) < 2:
        return None
    return fonts[word.font].bold, fonts[word.font].italic


def _raised(words: Sequence[Word]) -> bool:
    """True when a word ends above the line of the main font's, or, marks and all, starts above it."""
    if len(words) < 2:
        return False
    chars: dict[int, int] = {}
    for word in words:
        chars[word.font] = chars.get(word.font, 0) + len(word.text)
    main = max(chars, key=lambda font: chars[font])
    boxes = [word.box for word in words if word.font == main]
    top, bottom = max(box.t for box in boxes), max(box.b for box in boxes)
    above, under = (share * (bottom - top) for share in _RAISED)
    return any(word.box.t < top - above or word.box.b < bottom - under for word in words)


def _with_sizes(rows: Sequence[Row], heights: Sequence[float]) -> list[Row]:
    """Recognised rows with the font sizes that their widths say, as far as their heights agree.

    Both err: widths by the typeface, and in short lines; heights by ascenders and descenders.
    """
    widths = [optical_size(row.text, row.box.width) for row in rows]
    sure = [
        width / height
        for row, width, height in zip(rows, widths, heights, strict=True)
        if width > 0 and isfinite(height) and height > 0 and not row.mono
    ]
    usual = median(sure) if sure else 1.0
    found = []
    for row, width, height in zip(rows, widths, heights, strict=True):
        size = width
        if isfinite(height) and height > 0 and sure:
            tall = height * usual
            size = tall if row.mono else min(max(width, tall / _AGREED), tall * _AGREED)
        found.append(replace(row, ocr=True, size=max(1.0, round(size * 2) / 2)))
    return found


def text_rows(page: PageContent, ocr: PageOcr | None) -> list[Row]:
    """One row per line cell that has text and a usable box, in cell order."""
    found: list[Row] = []
    first = page.number == 1
    fixed_pitch = fixed_fonts(page.words, page.fonts)
    typed = typed_lines(page.cells, page.words) if is_scan(page) else frozenset[int]()
    for index, line in enumerate(page.cells):
        words = page.words[max(0, line.first) : max(0, line.first) + max(0, line.count)]
        row = _row(index, line, words, page.fonts, fixed_pitch)
        if row is not None and index in typed:
            row = replace(row, mono=True, code=True)
        if row is not None:
            found.append(replace(row, raised=True) if first and not line.ocr and _raised(words) else row)
    if ocr is not None:
        base, typed = len(page.cells), typed_lines(ocr.cells, ocr.words)
        rows: list[Row] = []
        heights: list[float] = []
        for index, line in enumerate(ocr.cells):
            words = ocr.words[max(0, line.first) : max(0, line.first) + max(0, line.count)]
            row = _row(base + index, line, words, ())
            if row is not None and index in typed:
                row = replace(row, mono=True, code=True)
            if row is not None:
                rows.append(row)
                heights.append(words[0].size if words else 0.0)
        found += _with_sizes(rows, heights)
    return found
