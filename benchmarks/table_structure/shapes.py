"""Tables written down by hand, a shape each, and how they are set.

`written/*.txt` has them. A line `# NAME` begins one, then come its options, then its rows:

- `cols`: a column each, `l`, `c` or `r`, and its width in em where text does not decide;
- `heads`: rows of headings; `rules`: as of a sample, or none; `sections`: further rows with a rule above;
- `valign`, `pad` (em across and down), `lang`, `dir`: as typst has them.

Cells are parted by `|`. `{>2}` and `{v2}` after a text are its columns and rows, with `l`, `c` or `r` how it
is set in them, `R` turned upright; `.` is a place that a cell above takes. In texts `^{a}` and `_{a}` are
raised and lowered, a backslash breaks the line, `~` pushes what follows to the right, and spaces before a
text indent.

A shape is set in four ways: fonts, sizes, paddings, bold headings, and other rules where its own say nothing.
Half of the shapes, by the hash of the name, are to be looked at; the others are scored alone.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

import typst

from benchmarks.table_structure.scoring import Placed

__all__ = ["WAYS", "Shape", "right_cells", "shape_pdf", "shapes"]

#: In how many ways each shape is set.
WAYS = 4

_FOLDER = Path(__file__).with_name("written")
_OPTION = re.compile(r"(cols|heads|rules|valign|pad|sections|lang|dir) ([^|]+)")
_CELL = re.compile(r"(.*?)(?:\{([>vlcrR\d]+)\})?")
_PIECES = re.compile(r"(\^\{[^{}]*\}|_\{[^{}]*\}|\\|~)")
_UP_AND_DOWN = re.compile(r"([^{}]*)\^\{([^{}]*)\}_\{([^{}]*)\}")
_FONTS = ("Libertinus Serif", "New Computer Modern", "DejaVu Sans", "DejaVu Serif")
_ALIGNED = {"l": "left", "c": "center", "r": "right"}


@dataclass(frozen=True)
class _Cell:
    row: int
    col: int
    row_span: int
    col_span: int
    text: str
    aligned: str  # l, c, r, or nothing: as its column
    turned: bool


@dataclass(frozen=True)
class Shape:
    """A table as it is written down."""

    name: str
    options: Mapping[str, str]
    cells: Sequence[_Cell]

    @property
    def held_out(self) -> bool:
        """Whether it is only scored."""
        return int(hashlib.sha256(self.name.encode()).hexdigest(), 16) % 2 == 1

    @property
    def columns(self) -> list[str]:
        """How each column is set."""
        return self.options["cols"].split()

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return max(cell.row + cell.row_span for cell in self.cells)


@cache
def shapes() -> dict[str, Shape]:
    """All shapes by name."""
    found: dict[str, Shape] = {}
    for path in sorted(_FOLDER.glob("*.txt")):
        for block in re.split(r"^# ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
            shape = _shape(block.rstrip().split("\n"))
            found[shape.name] = shape
    return found


def right_cells(shape: Shape) -> list[Placed]:
    """The cells as they should be found; columns are counted from the left of the page."""
    mirrored = "dir" in shape.options
    width = len(shape.columns)
    return [
        Placed(
            cell.row,
            width - cell.col - cell.col_span if mirrored else cell.col,
            cell.row_span,
            cell.col_span,
            _plain(cell.text),
        )
        for cell in shape.cells
    ]


def shape_pdf(shape: Shape, way: int) -> bytes:
    """A PDF of one page that holds the table alone, set in one of the `WAYS`."""
    return typst.compile(_source(shape, way).encode())


def _shape(lines: Sequence[str]) -> Shape:
    options = {"heads": "1", "rules": "booktabs", "valign": "top"}
    cells: list[_Cell] = []
    row = 0
    for line in lines[1:]:
        option = _OPTION.fullmatch(line)
        if option and not cells:
            options[option[1]] = option[2]
        elif line.strip():
            cells += _row(row, line)
            row += 1
    return Shape(lines[0].strip(), options, cells)


def _row(row: int, line: str) -> list[_Cell]:
    cells: list[_Cell] = []
    col = 0
    for at, text in enumerate(line.split("|")):
        raw = text.strip(" ") if at else text.rstrip(" ")
        if raw == ".":
            col += 1
            continue
        parts = _CELL.fullmatch(raw)
        assert parts is not None
        how = parts[2] or ""
        spans = {kind: int(count) for kind, count in re.findall(r"([>v])(\d+)", how)}
        aligned = next((letter for letter in how if letter in "lcr"), "")
        across = spans.get(">", 1)
        cells.append(_Cell(row, col, spans.get("v", 1), across, parts[1], aligned, "R" in how))
        col += across
    return cells


def _plain(text: str) -> str:
    bare = re.sub(r"[\^_]\{([^{}]*)\}", r"\1", text)
    return " ".join(bare.replace("\\", " ").replace("~", "").split())


def _source(shape: Shape, way: int) -> str:
    chance = Random(f"{shape.name}{way}")
    options = shape.options
    across, down = (
        options["pad"].split() if "pad" in options else chance.choice([(0.45, 0.3), (0.6, 0.3), (0.8, 0.45)])
    )
    font = "DejaVu Sans" if "lang" in options else chance.choice(_FONTS)
    size = chance.choice([8.0, 9.0, 10.0, 11.0])
    heads, rules = int(options["heads"]), _rules(shape, way, chance)
    widths = ", ".join(f"{column[1:]}em" if len(column) > 1 else "auto" for column in shape.columns)
    aligned = ", ".join(_ALIGNED[column[0]] for column in shape.columns)
    stroke = {"grid": "0.5pt", "columns": "(x, y) => (left: if x > 0 { 0.5pt })"}.get(rules, "none")
    fill = "(x, y) => if calc.odd(y) { luma(225) }" if rules == "zebra" else "none"
    bold = f"it => {{ if it.y < {heads} {{ strong(it) }} else {{ it }} }}" if way % 2 else "it => it"
    text = f"font: {_quoted(font)}, size: {size}pt, lang: {_quoted(options.get('lang', 'en'))}"
    return "\n".join(
        [
            "#set page(width: 700pt, height: auto, margin: 40pt)",
            f"#set text({text}, dir: {options.get('dir', 'ltr')})",
            "#set par(leading: 0.5em)",
            f"#show table.cell: {bold}",
            f"#table(columns: ({widths},), stroke: {stroke}, fill: {fill},",
            f"inset: (x: {across}em, y: {down}em),",
            f"align: (x, y) => ({aligned},).at(x) + {options['valign']},",
            *_lines(shape, rules),
            *(_cell(cell, shape) for cell in shape.cells),
            ")",
        ]
    )


def _rules(shape: Shape, way: int, chance: Random) -> str:
    rules = shape.options["rules"]
    heads = int(shape.options["heads"])
    if way == 1 and rules in ("booktabs", "head") and heads < 2:
        return "none"
    if way == 2 and rules in ("booktabs", "head", "none", "rows"):
        spans = any(cell.row_span > 1 for cell in shape.cells)
        return chance.choice(["head", "head" if spans else "rows", "booktabs"])
    if way == 3 and rules == "booktabs":
        return chance.choice(["grid", "booktabs"])
    return rules


def _lines(shape: Shape, rules: str) -> list[str]:
    heads, rows = int(shape.options["heads"]), shape.rows
    heights = {
        "booktabs": [0, heads, rows],
        "booktabs-groups": [0, heads, rows],
        "head": [heads],
        "rows": list(range(rows + 1)),
    }.get(rules, [])
    sections = map(int, shape.options.get("sections", "").split())
    lines = [f"table.hline(y: {y}, stroke: 0.6pt)," for y in sorted({*heights, *sections})]
    if rules == "booktabs-groups":
        lines += [
            f"table.hline(y: 1, start: {cell.col}, end: {cell.col + cell.col_span}, stroke: 0.4pt),"
            for cell in shape.cells
            if cell.row == 0 and cell.col_span > 1
        ]
    return lines


def _cell(cell: _Cell, shape: Shape) -> str:
    heading = cell.col_span > 1 and cell.row < int(shape.options["heads"])
    aligned = cell.aligned or ("c" if heading else shape.columns[cell.col][0])
    upright = "horizon" if cell.row_span > 1 else shape.options["valign"]
    body = _markup(cell.text)
    if cell.turned:
        body = f"#rotate(-90deg, reflow: true)[{body}]"
    place = f"x: {cell.col}, y: {cell.row}, colspan: {cell.col_span}, rowspan: {cell.row_span}"
    return f"table.cell({place}, align: {_ALIGNED[aligned]} + {upright})[{body}],"


def _markup(text: str) -> str:
    indent = len(text) - len(text.lstrip(" "))
    both = _UP_AND_DOWN.fullmatch(text.strip(" "))
    if both:
        return f"#{_quoted(both[1])}$zws^#{_quoted(both[2])}_#{_quoted(both[3])}$"
    pieces = [f"#h({0.4 * indent}em)"] if indent else []
    for piece in _PIECES.split(text.strip(" ")):
        if piece == "\\":
            pieces.append(" \\ ")
        elif piece == "~":
            pieces.append("#h(1fr)")
        elif piece.startswith("^{"):
            pieces.append(f"#super[#{_quoted(piece[2:-1])}]")
        elif piece.startswith("_{"):
            pieces.append(f"#sub[#{_quoted(piece[2:-1])}]")
        elif piece:
            pieces.append(f"#{_quoted(piece)}")
    return "".join(pieces)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
