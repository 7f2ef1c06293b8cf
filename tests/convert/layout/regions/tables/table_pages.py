"""Generated pages of one sheet: tables in many styles between what is no table, and where each one stands."""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from reportlab.lib.pagesizes import A4
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from docmill.pipeline.convert.layout.blocks.spatial import hull
from docmill.pipeline.convert.types import Box

__all__ = ["Sheet", "TablePage", "table_page"]

_WIDTH, _HEIGHT = A4
_WORDS = [
    "harbour",
    "ledger",
    "of",
    "the",
    "northern",
    "council",
    "was",
    "kept",
    "by",
    "clerks",
    "who",
    "wrote",
    "every",
    "entry",
    "twice",
    "and",
    "compared",
    "the",
    "sums",
    "at",
    "noon",
    "before",
    "any",
    "ship",
    "could",
    "leave",
    "its",
    "berth",
    "for",
    "another",
    "coast",
    "in",
    "spring",
    "or",
    "autumn",
    "when",
    "storms",
    "were",
    "rare",
    "yet",
    "cargo",
    "remained",
    "scarce",
    "because",
    "merchants",
    "waited",
    "until",
    "prices",
    "had",
    "settled",
    "again",
]
_NAMES = [
    "Oak boards",
    "Pine",
    "Copper wire",
    "Sea salt",
    "Wool, washed",
    "Barley",
    "Lamp oil",
    "Rope",
    "Tin plate",
    "Linen",
    "Glass beads",
    "Dried fish",
    "Slate",
    "Charcoal",
    "Honey",
    "Amber, raw",
    "Iron nails",
    "Paper",
    "Ink",
    "Candles",
    "Leather",
    "Flax seed",
    "Tar",
    "Hops",
]
_PLACES = [
    "North",
    "South",
    "East gate",
    "West",
    "Old town",
    "Harbour",
    "Mill Hill",
    "Bridge",
    "Upper field",
    "Lower field",
    "Anytown",
    "Quay 4",
]
_PEOPLE = [
    "A. Sample",
    "B. Miller",
    "C. Ortega",
    "D. Novak",
    "E. Brandt",
    "F. Lindqvist",
    "G. Rossi",
    "H. Tanaka",
]
_STATES = ["open", "closed", "approved", "pending", "none", "returned", "in part", "late"]
_HEADS = [
    "Item",
    "Place",
    "Keeper",
    "State",
    "Count",
    "Share",
    "Price",
    "Date",
    "Code",
    "Weight",
    "Stock",
    "Region",
    "Total",
    "Rate",
    "Order",
    "Unit",
]
_FACES = (("Helvetica", "Helvetica-Bold"), ("Times-Roman", "Times-Bold"))


@dataclass
class TablePage:
    """A page as PDF, and the hulls of its tables' texts, in points from the top left."""

    pdf: bytes
    tables: list[Box]
    kinds: list[str] = field(default_factory=list)


class Sheet:
    """A page to write on from the top; `boxes` are those of the texts since the last `mark`."""

    def __init__(self) -> None:
        self._buffer = io.BytesIO()
        self.canvas = Canvas(self._buffer, pagesize=A4, invariant=True)
        self.boxes: list[Box] = []

    def text(self, x: float, y: float, text: str, font: str, size: float, align: str = "l") -> Box:
        """Write `text` with its baseline at `y` from the top; `x` is its left edge, right edge or centre."""
        width = stringWidth(text, font, size)
        left = x - {"l": 0.0, "r": width, "c": width / 2}[align]
        self.canvas.setFont(font, size)
        self.canvas.drawString(left, _HEIGHT - y, text)
        box = Box(left, y - 0.72 * size, left + width, y + 0.02 * size)
        self.boxes.append(box)
        return box

    def rule(self, x0: float, y0: float, x1: float, y1: float, width: float = 0.6) -> None:
        self.canvas.setLineWidth(width)
        self.canvas.line(x0, _HEIGHT - y0, x1, _HEIGHT - y1)

    def shade(self, box: Box, grey: float) -> None:
        self.canvas.setFillGray(grey)
        self.canvas.rect(box.l, _HEIGHT - box.b, box.width, box.height, stroke=0, fill=1)
        self.canvas.setFillGray(0)

    def mark(self) -> Box:
        """The hull of what was written since the last mark."""
        box = hull(self.boxes)
        self.boxes = []
        return box

    def next_page(self) -> None:
        self.canvas.showPage()

    def pdf(self) -> bytes:
        self.canvas.showPage()
        self.canvas.save()
        return self._buffer.getvalue()


def _wrapped(words: Sequence[str], font: str, size: float, width: float) -> list[str]:
    lines, line = [], ""
    for word in words:
        longer = f"{line} {word}" if line else word
        if line and stringWidth(longer, font, size) > width:
            lines.append(line)
            line = word
        else:
            line = longer
    return [*lines, line] if line else lines


def _prose(rng: random.Random, count: int) -> list[str]:
    words = [rng.choice(_WORDS) for _ in range(count)]
    return [words[0].capitalize(), *words[1:-1], words[-1] + "."]


def _number(rng: random.Random) -> str:
    return f"{rng.randint(0, 99_999):,}"


def _decimal(rng: random.Random) -> str:
    return f"{rng.uniform(0, 400):.2f}"


def _percent(rng: random.Random) -> str:
    return f"{rng.uniform(0, 100):.1f}%"


def _date(rng: random.Random) -> str:
    return f"{rng.randint(1, 28):02}/{rng.randint(1, 12):02}/20{rng.randint(10, 25)}"


def _code(rng: random.Random) -> str:
    return f"{rng.choice('ABKX')}-{rng.randint(1, 999):03}"


def _of(names: Sequence[str]) -> Callable[[random.Random], str]:
    return lambda rng: rng.choice(names)


_FIGURES = (_number, _decimal, _percent)
_LETTERED = (_date, _code, _of(_PLACES), _of(_PEOPLE), _of(_STATES))
_STYLES = ("grid", "rows", "booktabs", "head", "columns", "zebra", "open", "open", "open")


def _columns(rng: random.Random, style: str) -> tuple[list[Callable[[random.Random], str]], str]:
    """What each column holds, and its alignment."""
    count = rng.randint(2, 6)
    fills: list[Callable[[random.Random], str]] = [_of(_NAMES)]
    wordy = rng.random() < 0.3
    for _ in range(count - 1):
        fills.append(rng.choice(_LETTERED) if wordy or rng.random() < 0.25 else rng.choice(_FIGURES))
    if style == "open" and count == 2:
        fills[1] = rng.choice(_FIGURES)  # two columns of words without rules could be anything
    centred = rng.random() < 0.15
    aligns = "".join(
        "r" if fill in _FIGURES else "c" if centred and at else "l" for at, fill in enumerate(fills)
    )
    return fills, aligns


def _table(rng: random.Random, sheet: Sheet, x: float, y: float, width: float, style: str) -> float:
    """Set a table from `y` down; returns where it ends. Its texts are marked by the caller."""
    face, bold = rng.choice(_FACES)
    size = rng.choice((7.5, 8, 9, 9, 10, 10, 11))
    pitch = size * rng.choice((1.25, 1.35, 1.5, 1.8, 2.0))
    fills, aligns = _columns(rng, style)
    texts = [[fill(rng) for fill in fills] for _ in range(rng.randint(3, 12))]
    heads = rng.sample(_HEADS, len(fills))
    natural = [max(stringWidth(row[c], bold, size) for row in [heads, *texts]) for c in range(len(fills))]
    if sum(natural) + 14 * (len(fills) - 1) > width:
        return _table(rng, sheet, x, y, width, style)
    loose = (width - sum(natural)) / max(1, len(fills) - 1)
    gap = rng.choice((14.0, 20.0, 30.0, loose, loose))
    gap = min(gap, loose)
    if rng.random() < 0.12 and len(fills) > 2:
        texts[rng.randrange(1, len(texts))][rng.randrange(1, len(fills))] = ""
    lefts = [x + sum(natural[:c]) + gap * c for c in range(len(fills))]
    right = lefts[-1] + natural[-1]
    top, bottom = y, y + pitch * (len(texts) + 1)
    if style == "zebra":
        for at in range(0, len(texts) + 1, 2):
            sheet.shade(Box(x - 4, top + at * pitch, right + 4, top + (at + 1) * pitch), 0.88)
    elif style == "head":
        sheet.shade(Box(x - 4, top, right + 4, top + pitch), 0.8)
    head_font = bold if rng.random() < 0.75 else face
    for at, row in enumerate([heads, *texts]):
        baseline = top + (at + 0.5) * pitch + 0.35 * size
        for c, text in enumerate(row):
            if text:
                place = {"l": lefts[c], "r": lefts[c] + natural[c], "c": lefts[c] + natural[c] / 2}[aligns[c]]
                sheet.text(place, baseline, text, face if at else head_font, size, aligns[c])
    levels = [top + at * pitch for at in range(len(texts) + 2)]
    if style in {"grid", "rows"}:
        for level in levels:
            sheet.rule(x - 4, level, right + 4, level)
    elif style == "booktabs":
        for level in (top, top + pitch, bottom):
            sheet.rule(x - 4, level, right + 4, level, 0.8)
    if style in {"grid", "columns"}:
        edges = [x - 4, *(left - gap / 2 for left in lefts[1:]), right + 4]
        for edge in edges if style == "grid" else edges[1:-1]:
            sheet.rule(edge, top, edge, bottom)
    return bottom


def _paragraph(rng: random.Random, sheet: Sheet, x: float, y: float, width: float) -> float:
    lines = _wrapped(_prose(rng, rng.randint(25, 70)), "Times-Roman", 10.5, width)
    for at, line in enumerate(lines):
        sheet.text(x, y + 10 + at * 12.6, line, "Times-Roman", 10.5)
    return y + 12.6 * len(lines)


def _two_columns(rng: random.Random, sheet: Sheet, x: float, y: float, width: float) -> float:
    half = (width - 22) / 2
    ends = [_paragraph(rng, sheet, left, y, half) for left in (x, x + half + 22)]
    return max(ends)


def _bullets(rng: random.Random, sheet: Sheet, x: float, y: float, width: float) -> float:
    for at in range(rng.randint(3, 6)):
        sheet.text(x + 8, y + 10 + at * 14, "\u2022", "Helvetica", 10)
        sheet.text(x + 22, y + 10 + at * 14, " ".join(_prose(rng, rng.randint(4, 9))), "Helvetica", 10)
    return y + 14 * 6


def _address(rng: random.Random, sheet: Sheet, x: float, y: float, width: float) -> float:
    mine = [rng.choice(_PEOPLE), f"{rng.randint(1, 99)} {rng.choice(_PLACES)} Street", "12345 Anytown"]
    theirs = ["Harbour Council", f"Office {rng.randint(1, 40)}", "54321 Othertown"]
    for at, (left, right) in enumerate(zip(mine, theirs, strict=True)):
        sheet.text(x, y + 10 + at * 13, left, "Helvetica", 10)
        sheet.text(x + 0.6 * width, y + 10 + at * 13, right, "Helvetica", 10)
    return y + 42


def _listing(rng: random.Random, sheet: Sheet, x: float, y: float, width: float) -> float:
    lines = [
        f"{'  ' * rng.randint(0, 2)}{rng.choice(_WORDS)}({rng.randint(1, 9)}) = {_code(rng)};"
        for _ in range(7)
    ]
    shaded = rng.random() < 0.5
    for at, line in enumerate(lines):
        if shaded:
            sheet.shade(Box(x, y + at * 11.5, x + width, y + (at + 1) * 11.5), 0.9)
        sheet.text(x + 6, y + 8.6 + at * 11.5, line, "Courier", 8.5)
    return y + 11.5 * 7


def _framed(rng: random.Random, sheet: Sheet, x: float, y: float, width: float) -> float:
    end = _paragraph(rng, sheet, x + 10, y + 8, width - 20) + 8
    for one, two in (((x, y), (x + width, y)), ((x, end), (x + width, end))):
        sheet.rule(*one, *two)
    for edge in (x, x + width):
        sheet.rule(edge, y, edge, end)
    return end


def _references(rng: random.Random, sheet: Sheet, x: float, y: float, width: float) -> float:
    at = y
    for number in range(1, 5):
        text = [
            *_prose(rng, 16)[:-1],
            f"{rng.randint(10, 99)}({rng.randint(1, 9)}),",
            str(rng.randint(1950, 2024)),
        ]
        sheet.text(x, at + 10, f"[{number}]", "Times-Roman", 9)
        for line in _wrapped(text, "Times-Roman", 9, width - 24):
            sheet.text(x + 20, at + 10, line, "Times-Roman", 9)
            at += 11
    return at


def _contents(rng: random.Random, sheet: Sheet, x: float, y: float, width: float) -> float:
    page = 1
    for at in range(7):
        sheet.text(x, y + 10 + at * 14, f"{at + 1} {' '.join(_prose(rng, 3))}", "Helvetica", 10)
        sheet.text(x + width, y + 10 + at * 14, str(page), "Helvetica", 10, "r")
        page += rng.randint(2, 9)
    return y + 14 * 7


_OTHERS = (_paragraph, _paragraph, _two_columns, _bullets, _address, _listing, _framed, _references)


def table_page(seed: int) -> TablePage:
    """A page of up to four tables and of other things; the same for the same seed."""
    rng = random.Random(seed)
    sheet, page = Sheet(), TablePage(b"", [])
    x, y, width = 68.0, 60.0, _WIDTH - 136
    wanted = rng.choice((0, 1, 1, 2, 2, 3, 4))
    sheet.text(x, y, " ".join(_prose(rng, 4))[:-1], "Helvetica-Bold", 14)
    y += 22
    sheet.mark()
    stacked = False
    while y < _HEIGHT - 120:
        left = _HEIGHT - 70 - y
        if wanted and (stacked or rng.random() < 0.6) and left > 300:
            style = rng.choice(_STYLES)
            if stacked or rng.random() < 0.4:
                sheet.text(
                    x, y + 10, f"{rng.choice(_PLACES)} {rng.choice(_HEADS).lower()}s", "Helvetica-Bold", 10
                )
                y += rng.choice((16, 20, 26))
                sheet.mark()
            if rng.random() < 0.15 and wanted > 1:
                half = (width - 40) / 2
                ends = []
                for start in (x, x + half + 40):
                    ends.append(_table(rng, sheet, start, y, half, style))
                    page.tables.append(sheet.mark())
                    page.kinds.append(f"{style} beside")
                wanted -= 2
                y = max(ends)
            else:
                y = _table(rng, sheet, x, y, width * rng.choice((0.6, 0.8, 1, 1)), style)
                page.tables.append(sheet.mark())
                page.kinds.append(style)
                wanted -= 1
            stacked = rng.random() < 0.35
            y += rng.choice((14, 20, 30))
        else:
            y = rng.choice(_OTHERS)(rng, sheet, x, y, width) + rng.choice((10, 14, 20))
            sheet.mark()
            stacked = False
    page.pdf = sheet.pdf()
    return page
