"""Pages made by hand: text set in a typeface whose every letter is half an em wide, and drawn strokes."""

from __future__ import annotations

from typing import TypedDict, Unpack

from docmill.pipeline.convert.layout.detectors.cdla import LABELS, Detection
from docmill.pipeline.convert.types import Box, Font, PageContent, Ruling, TextCell, Widget, Word

WIDTHS = dict.fromkeys("il.,;:'|!tfj", 0.3) | dict.fromkeys("mwMW", 0.7)


def advance(text: str, size: float) -> float:
    """Width of a word: letters differ, as they do in any typeface that is not monospaced."""
    return sum(WIDTHS.get(char, 0.5) for char in text) * size


class Style(TypedDict, total=False):
    """How a line is set, where it is not upright text from left to right."""

    font: str
    bold: bool
    italic: bool
    mono: bool
    rtl: bool
    angle: int


class Sheet:
    """A page to write on; `y` is the top of a line, `x` its left edge (right edge for right-to-left)."""

    def __init__(self, width: float = 612, height: float = 792) -> None:
        self.page = PageContent(number=1, width=width, height=height)

    def font(self, name: str, *, bold: bool, italic: bool, mono: bool) -> int:
        font = Font(name, bold, italic, mono)
        if font not in self.page.fonts:
            self.page.fonts.append(font)
        return self.page.fonts.index(font)

    def line(
        self,
        x: float,
        y: float,
        text: str,
        size: float = 10,
        *,
        font: str = "Body",
        bold: bool = False,
        italic: bool = False,
        mono: bool = False,
        rtl: bool = False,
        angle: int = 0,
    ) -> Box:
        """Write one line cell; returns its box."""
        face = self.font(font, bold=bold, italic=italic, mono=mono)
        first, at = len(self.page.words), x
        for word in text.split():
            width = 0.6 * size * len(word) if mono else advance(word, size)
            left = at - width if rtl else at
            self.page.words.append(Word(word, Box(left, y, left + width, y + 0.9 * size), size, face, angle))
            at += -(width + 0.28 * size) if rtl else width + 0.28 * size
        words = self.page.words[first:]
        box = Box(min(w.box.l for w in words), y, max(w.box.r for w in words), y + 0.9 * size)
        self.page.cells.append(TextCell(text, box, first, len(words), rtl))
        return box

    def lines(
        self, x: float, y: float, *texts: str, size: float = 10, leading: float = 12, **style: Unpack[Style]
    ) -> Box:
        """Write lines under each other; returns the box of all."""
        boxes = [self.line(x, y + n * leading, text, size, **style) for n, text in enumerate(texts)]
        whole = boxes[0]
        for box in boxes[1:]:
            whole = whole.union(box)
        return whole

    def prose(
        self,
        x: float,
        y: float,
        count: int,
        *,
        words: int = 12,
        size: float = 10,
        **style: Unpack[Style],
    ) -> Box:
        """A paragraph of `count` full lines, the last one shorter and ended by a full stop."""
        full = " ".join(["lorem", "ipsum", "dolores", "consectetur"][n % 4] for n in range(words))
        texts = [full] * (count - 1) + [" ".join(full.split()[: max(2, words // 2)]) + "."]
        return self.lines(x, y, *texts, size=size, **style)

    def rule(self, x0: float, y0: float, x1: float, y1: float) -> None:
        self.page.rulings.append(Ruling(x0, y0, x1, y1))

    def grid(self, xs: list[float], ys: list[float]) -> None:
        """Rule a grid."""
        for y in ys:
            self.rule(xs[0], y, xs[-1], y)
        for x in xs:
            self.rule(x, ys[0], x, ys[-1])

    def widget(self, box: Box, kind: str, *, checked: bool = False) -> None:
        self.page.widgets.append(Widget(box, kind, checked=checked))


def seen(raw: str, box: Box, score: float = 0.9) -> Detection:
    """A detection."""
    return Detection(raw, LABELS[raw], score, box)
