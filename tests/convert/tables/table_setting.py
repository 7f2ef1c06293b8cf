"""Tables set in words: rows of texts to the words and rulings that a page would have."""

from __future__ import annotations

from collections.abc import Sequence

from docmill.pipeline.convert.types import Box, Cluster, Font, PageContent, Ruling, Word

SIZE = 10.0
SPACE = 2.5
LEADING = 12.0
FONTS = [Font("Body"), Font("Body-Bold", bold=True)]


def width_of(text: str) -> float:
    """The width of a text: figures are 5 points, capitals wider, points and commas narrower."""
    return sum(
        SPACE if c in " .,;:il|()" else 6.5 if c.isupper() else 5.0 if c.isdigit() else 4.5 for c in text
    )


def line(text: str, x: float, y: float, *, font: int = 0) -> list[Word]:
    """The words of one line from its left edge and its top."""
    words = []
    for part in text.split():
        width = width_of(part)
        words.append(Word(part, Box(x, y, x + width, y + SIZE), SIZE, font))
        x += width + SPACE
    return words


def typeset(
    rows: Sequence[Sequence[str]],
    widths: Sequence[float],
    *,
    right: Sequence[int] = (),
    pitch: float = 16.0,
    gap: float = 10.0,
    origin: tuple[float, float] = (50.0, 100.0),
) -> list[Word]:
    """Words of a table; a newline in a text begins another line, columns in `right` are set flush right."""
    words = []
    y = origin[1]
    for row in rows:
        x = origin[0]
        for column, (text, width) in enumerate(zip(row, widths, strict=True)):
            for i, part in enumerate(text.split("\n")):
                at = x + width - width_of(part) if column in right else x
                words += line(part, at, y + i * LEADING)
            x += width + gap
        y += pitch + LEADING * max(text.count("\n") for text in row)
    return words


def grid_lines(xs: Sequence[float], ys: Sequence[float]) -> list[Ruling]:
    """All lines of a grid."""
    flat = [Ruling(xs[0], y, xs[-1], y) for y in ys]
    return flat + [Ruling(x, ys[0], x, ys[-1]) for x in xs]


def page(words: Sequence[Word], rulings: Sequence[Ruling] = (), shapes: Sequence[Box] = ()) -> PageContent:
    return PageContent(
        number=1,
        width=600,
        height=800,
        fonts=FONTS,
        words=list(words),
        rulings=list(rulings),
        shapes=list(shapes),
    )


def region(words: Sequence[Word], rulings: Sequence[Ruling] = (), label: str = "table") -> Cluster:
    """A region around everything."""
    boxes = [word.box for word in words] + [Box(r.x0, r.y0, r.x1, r.y1) for r in rulings]
    box = boxes[0]
    for other in boxes[1:]:
        box = box.union(other)
    return Cluster(id=7, label=label, score=0.9, box=box)
