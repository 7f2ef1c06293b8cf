"""How a document looks, drawn at random: one style for all setters, as people mix these things."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

__all__ = ["HeadingLook", "Style", "draw_style"]

_SERIF = [
    "Liberation Serif",
    "TeX Gyre Termes",
    "TeX Gyre Pagella",
    "TeX Gyre Bonum",
    "TeX Gyre Schola",
    "EB Garamond",
    "Noto Serif",
    "DejaVu Serif",
]
_SANS = [
    "Liberation Sans",
    "TeX Gyre Heros",
    "TeX Gyre Adventor",
    "Carlito",
    "Lato",
    "Open Sans",
    "Noto Sans",
    "DejaVu Sans",
    "Liberation Sans Narrow",
]
_MONO = ["Liberation Mono", "DejaVu Sans Mono", "Inconsolata", "Noto Sans Mono", "TeX Gyre Cursor"]
_FIGURES = ("Figure {}:", "Figure {}.", "Fig. {}.", "Fig. {}:", "FIGURE {}.", "Figure {} –", "Abbildung {}:")
_TABLES = ("Table {}:", "Table {}.", "TABLE {}.", "Tab. {}:", "Tabelle {}:", "Tableau {} –")


@dataclass(frozen=True)
class HeadingLook:
    """`size` is a multiple of the body's; `before` and `after` are in em."""

    size: float
    bold: bool
    italic: bool
    upper: bool
    small_capitals: bool
    centred: bool
    before: float
    after: float


@dataclass(frozen=True)
class Style:
    """Sizes are in points, spaces in em where not said otherwise."""

    paper: str  # "A4", "Letter", "A5", "B5"
    columns: int
    body: str
    head: str
    mono: str
    size: float
    leading: float
    justified: bool
    hyphens: bool
    indented: bool
    paragraph_space: float
    margins: tuple[int, int, int, int]  # top, right, bottom, left; points
    headings: tuple[HeadingLook, ...]
    title: HeadingLook
    numbering: str  # "", "1", "1.", "chapter", "roman", "A"
    heading_rule: bool
    running_head: str  # "", "left", "center", "right"
    head_rule: bool
    folio: str  # "foot-center", "foot-right", "head-right", "foot-of", ""
    running_foot: bool
    first_page_bare: bool
    table: str  # "grid", "lines", "booktabs", "bare", "zebra", "head"
    table_size: float
    table_padding: tuple[int, int]  # points: above and below, left and right
    table_centred: bool
    table_wide: bool
    caption_above: bool
    caption_size: float
    caption_italic: bool
    caption_bold_label: bool
    caption_centred: bool
    figure_label: str
    table_label: str
    code_size: float
    code_leading: float
    code_box: str  # "", "ground", "border", "bar"
    code_numbers: bool
    code_indent: float
    bullet: str
    enumeration: str  # "1.", "1)", "(1)", "a)", "i."
    tight_lists: bool
    list_indent: float
    paper_like: bool  # authors, abstract
    contents: bool
    references: bool
    notes: bool  # footnotes
    note_mark: str  # "1", "1.", "*", "[1]"
    note_rule: bool
    bold_openings: bool
    line_numbers: bool
    sidebar: bool
    own_tables: bool  # figures of our own beside those of the source


def draw_style(random: Random) -> Style:
    """A style of its own for each state of `random`."""

    def chance(share: float) -> bool:
        return random.random() < share

    def margin() -> int:
        return random.randint(46, 90)

    paper = random.choice(("A4", "A4", "Letter", "Letter", "A5", "B5"))
    columns = random.choice((1, 1, 1, 1, 2, 2, 2, 3)) if paper in ("A4", "Letter") else 1
    body = random.choice(random.choice((_SERIF, _SANS)))
    head = body if chance(0.5) else random.choice(random.choice((_SERIF, _SANS, _SANS)))
    justified, indented = chance(0.6), chance(0.45)
    return Style(
        paper=paper,
        columns=columns,
        body=body,
        head=head,
        mono=random.choice(_MONO),
        size=random.choice((8, 8.5, 9, 9, 9.5, 10, 10, 10, 10.5, 11, 11, 12)) - (1 if columns == 3 else 0),
        leading=random.choice((1.1, 1.15, 1.2, 1.25, 1.3, 1.4, 1.5, 1.7)),
        justified=justified,
        hyphens=justified or chance(0.2),
        indented=indented,
        paragraph_space=0 if indented and chance(0.8) else random.choice((0.4, 0.6, 0.8, 1.0)),
        margins=(margin(), margin(), margin(), margin()),
        headings=_headings(random),
        title=HeadingLook(
            random.choice((1.4, 1.6, 1.8, 2.0, 2.5)),
            chance(0.5),
            False,
            chance(0.1),
            False,
            chance(0.5),
            random.choice((0, 1, 3)),
            1.0,
        ),
        numbering=random.choice(("", "", "", "1", "1", "1.", "1.", "chapter", "roman", "A")),
        heading_rule=chance(0.15),
        running_head=random.choice(("", "left", "center", "right", "left")),
        head_rule=chance(0.3),
        folio=random.choice(("foot-center", "foot-center", "foot-right", "head-right", "foot-of", "")),
        running_foot=chance(0.35),
        first_page_bare=chance(0.4),
        table=random.choice(("grid", "lines", "booktabs", "bare", "zebra", "head")),
        table_size=random.choice((0.8, 0.85, 0.9, 1.0)),
        table_padding=(random.choice((1, 2, 3)), random.choice((3, 5, 8))),
        table_centred=chance(0.5),
        table_wide=chance(0.4),
        caption_above=chance(0.5),
        caption_size=random.choice((0.8, 0.85, 0.9, 1.0)),
        caption_italic=chance(0.3),
        caption_bold_label=chance(0.4),
        caption_centred=chance(0.5),
        figure_label=random.choice(_FIGURES),
        table_label=random.choice(_TABLES),
        code_size=random.choice((0.75, 0.8, 0.85, 0.9, 1.0)),
        code_leading=random.choice((1.1, 1.2, 1.35)),
        code_box=random.choice(("", "", "ground", "border", "bar")),
        code_numbers=chance(0.12),
        code_indent=random.choice((0, 0, 1, 2)),
        bullet=random.choice("••–-◦▪*‣"),
        enumeration=random.choice(("1.", "1.", "1)", "(1)", "a)", "i.")),
        tight_lists=chance(0.6),
        list_indent=random.choice((1.0, 1.5, 2.0, 2.5)),
        paper_like=chance(0.4),
        contents=chance(0.15),
        references=chance(0.35),
        notes=chance(0.55),
        note_mark=random.choice(("1", "1", "1", "1.", "*", "[1]")),
        note_rule=chance(0.7),
        bold_openings=chance(0.25),
        line_numbers=chance(0.05),
        sidebar=chance(0.06),
        own_tables=chance(0.6),
    )


def _headings(random: Random) -> tuple[HeadingLook, ...]:
    """Four levels: by size, all in the body's size, or mixed."""
    kind = random.choice(("sized", "sized", "sized", "flat", "mixed"))
    largest = random.choice((1.2, 1.3, 1.45, 1.6, 1.8, 2.0, 2.3))
    shrink = random.uniform(0.78, 0.9)
    plain_centre = random.random() < 0.25
    bold, variants = random.random() < 0.8, random.sample(range(6), 4)
    looks = []
    for level in range(4):
        size = {
            "sized": max(1.0, largest * shrink**level),
            "flat": 1.0,
            "mixed": max(1.0, 1.25 - 0.12 * level),
        }[kind]
        # in one size, levels differ otherwise; by size, one look may do for all of them
        variant = variants[level] if kind != "sized" or random.random() < 0.2 else 0
        heavy, slanted, upper, small = (
            (bold or kind != "sized", False, False, False),
            (True, False, True, False),
            (True, True, False, False),
            (False, True, False, False),
            (False, False, False, True),
            (False, False, True, False),
        )[variant]
        before, after = random.uniform(0.6, 2.2), random.choice((0.0, 0.2, 0.3, 0.5, 0.8, 1.0))
        centred = plain_centre and level < 2
        looks.append(
            HeadingLook(round(size, 2), heavy, slanted, upper, small, centred, round(before, 2), after)
        )
    return tuple(looks)
