"""Tables from seeds: what stands in them, how they are set, and the cells that are right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

from benchmarks.table_structure.words import LABELS, SENTENCES

__all__ = ["KINDS", "Cell", "Sample", "sample"]


@dataclass(frozen=True)
class Cell:
    """One cell: its place, and its text as it is to be read. `mark` is set raised after it."""

    row: int
    col: int
    text: str
    row_span: int = 1
    col_span: int = 1
    mark: str = ""
    centred: bool = False


@dataclass(frozen=True)
class Sample:
    """A table and how it is set. Lengths are in em of the font, `widths` are None where text decides."""

    kind: str
    seed: int
    language: str
    cells: list[Cell]
    aligned: list[str]  # left, right or center, a column each
    widths: list[float | None]
    heads: int
    rules: str  # booktabs, head, grid, rows, columns, frame, none, zebra, columns-head
    vertical: str = "top"
    padding: tuple[float, float] = (0.6, 0.3)  # on each side, across and down
    leading: float = 0.5
    size: float = 10.0
    font: str = "Libertinus Serif"
    hyphenate: bool = False
    sections: list[int] = field(default_factory=list)  # rows with a rule above


_FONTS = ("Libertinus Serif", "New Computer Modern", "DejaVu Sans", "DejaVu Serif")


class _Setter:
    """The chances of one sample."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self.language = self.chance.choice(sorted(SENTENCES))

    def label(self) -> str:
        return self.chance.choice(LABELS[self.language])

    def labels(self, count: int) -> list[str]:
        pool = LABELS[self.language]
        return self.chance.sample(pool, count) if count <= len(pool) else [self.label() for _ in range(count)]

    def text(self, least: int, most: int) -> str:
        """Words of running text, a capital first."""
        words = " ".join(self.chance.sample(SENTENCES[self.language], 3)).split()
        words = words[: self.chance.randint(least, most)]
        text = " ".join(words).rstrip(",;")
        return text[0].upper() + text[1:]

    def number(self) -> str:
        form = self.chance.randrange(5)
        value = self.chance.uniform(0, 999)
        if form == 0:
            return str(int(value))
        if form == 1:
            return f"{value:.2f}"
        if form == 2:
            return f"{value / 10:.1f}%"
        if form == 3:
            return f"{int(value * 40):,}"
        return f"{'-' if self.chance.random() < 0.4 else ''}{value / 100:.3f}"

    def numbers(self) -> Callable[[], str]:
        """Numbers of one form, for a column."""
        form = self.chance.choice(["int", "decimal", "percent", "thousand", "signed", "share"])

        def one() -> str:
            value = self.chance.uniform(1, 999)
            return {
                "int": str(int(value)),
                "decimal": f"{value / 10:.2f}",
                "percent": f"{value / 10:.1f}%",
                "thousand": f"{int(value * 40):,}",
                "signed": f"{self.chance.choice(['-', '+', ''])}{value / 100:.2f}",
                "share": f"{int(value / 10)} ({int(value / 10)}%)",
            }[form]

        return one

    def styled(
        self,
        kind: str,
        seed: int,
        cells: list[Cell],
        aligned: list[str],
        widths: list[float | None],
        **how: object,
    ) -> Sample:
        """The sample with what chance makes of the rest."""
        chance = self.chance
        leading = chance.choice([0.45, 0.55, 0.65])
        style: dict[str, object] = {
            "heads": 1,
            "rules": chance.choice(
                ["booktabs", "booktabs", "none", "head", "grid", "rows", "zebra", "frame"]
            ),
            "vertical": "top",
            "leading": leading,
            "padding": (chance.choice([0.45, 0.6, 0.9]), leading / 2 * chance.choice([1.0, 1.3, 1.6, 2.2])),
            "size": chance.choice([8.0, 9.0, 10.0, 11.0]),
            "font": chance.choice(_FONTS),
            "hyphenate": chance.random() < 0.4,
        }
        style.update(how)
        return Sample(kind, seed, self.language, cells, aligned, widths, **style)  # type: ignore[arg-type]


def _grid(rows: Sequence[Sequence[str]]) -> list[Cell]:
    return [Cell(r, c, text) for r, row in enumerate(rows) for c, text in enumerate(row)]


def _numbers(seed: int) -> Sample:
    s = _Setter(seed)
    columns = s.chance.randint(2, 6)
    makers = [s.numbers() for _ in range(columns)]
    rows = [["" if s.chance.random() < 0.3 else s.label(), *(s.label() for _ in makers)]]
    rows += [[label, *(make() for make in makers)] for label in s.labels(s.chance.randint(3, 12))]
    return s.styled("numbers", seed, _grid(rows), ["left"] + ["right"] * columns, [None] * (columns + 1))


def _survey(seed: int) -> Sample:
    """A label that wraps beside numbers, headings that wrap too."""
    s = _Setter(seed)
    columns = s.chance.randint(2, 5)
    makers = [s.numbers() for _ in range(columns)]
    rows = [["" if s.chance.random() < 0.5 else s.label(), *(f"{s.label()} {s.label()}" for _ in makers)]]
    for _ in range(s.chance.randint(3, 9)):
        rows.append([s.text(2, 16), *(make() for make in makers)])
    narrow = s.chance.choice([5.0, 6.0])
    return s.styled(
        "survey",
        seed,
        _grid(rows),
        ["left"] + [s.chance.choice(["center", "right", "left"])] * columns,
        [s.chance.choice([11.0, 14.0, 18.0]), *[narrow] * columns],
        vertical=s.chance.choice(["top", "top", "horizon", "bottom"]),
        rules=s.chance.choice(["booktabs", "booktabs", "none", "head", "zebra"]),
    )


def _texts(seed: int) -> Sample:
    """Several columns of text that wrap."""
    s = _Setter(seed)
    columns = s.chance.randint(2, 4)
    rows = [[s.label() for _ in range(columns + 1)]]
    for label in s.labels(s.chance.randint(3, 7)):
        rows.append([label, *(s.text(1, 22) for _ in range(columns))])
    return s.styled(
        "texts",
        seed,
        _grid(rows),
        ["left"] * (columns + 1),
        [s.chance.choice([6.0, 8.0]), *(s.chance.choice([9.0, 12.0, 15.0]) for _ in range(columns))],
        vertical=s.chance.choice(["top", "top", "top", "horizon"]),
        rules=s.chance.choice(["booktabs", "booktabs", "none", "head", "zebra", "columns", "frame", "grid"]),
    )


def _definitions(seed: int) -> Sample:
    s = _Setter(seed)
    rows = [[s.label(), s.label()]] + [[x, s.text(5, 40)] for x in s.labels(s.chance.randint(3, 8))]
    return s.styled(
        "definitions",
        seed,
        _grid(rows),
        ["left", "left"],
        [8.0, s.chance.choice([20.0, 28.0])],
        rules=s.chance.choice(["booktabs", "none", "head", "zebra", "columns", "frame", "grid"]),
    )


def _errors_below(seed: int) -> Sample:
    """Coefficients with their errors in brackets below: rows of their own."""
    s = _Setter(seed)
    columns = s.chance.randint(2, 5)
    rows = [["", *(f"({i + 1})" for i in range(columns))]]
    for label in s.labels(s.chance.randint(3, 7)):
        rows.append([label, *(f"{s.chance.uniform(-9, 9):.3f}" for _ in range(columns))])
        rows.append(["", *(f"({s.chance.uniform(0, 2):.3f})" for _ in range(columns))])
    return s.styled(
        "errors-below",
        seed,
        _grid(rows),
        ["left"] + ["center"] * columns,
        [None] * (columns + 1),
        rules=s.chance.choice(["booktabs", "head", "none"]),
    )


def _sections(seed: int) -> Sample:
    """Rows that name what follows, over the whole width or in the first column."""
    s = _Setter(seed)
    columns = s.chance.randint(2, 5)
    makers = [s.numbers() for _ in range(columns)]
    cells = [Cell(0, c, s.label()) for c in range(columns + 1)]
    row, rules = 1, []
    whole, centred = s.chance.random() < 0.6, s.chance.random() < 0.6
    for _ in range(s.chance.randint(2, 4)):
        name = f"{s.label()} {s.label()}"
        rules.append(row)
        if whole:
            cells.append(Cell(row, 0, name, col_span=columns + 1, centred=centred))
        else:
            cells += [Cell(row, c, "" if c else name) for c in range(columns + 1)]
        for label in s.labels(s.chance.randint(2, 4)):
            row += 1
            cells += [Cell(row, c, make() if c else label) for c, make in enumerate([s.label, *makers])]
        row += 1
    return s.styled(
        "sections",
        seed,
        cells,
        ["left"] + ["right"] * columns,
        [None] * (columns + 1),
        rules=s.chance.choice(["booktabs", "head", "none", "grid", "rows"]),
        sections=rules if s.chance.random() < 0.5 else [],
    )


def _groups(seed: int) -> Sample:
    """A first column that names groups of rows: once above, or centred beside them."""
    s = _Setter(seed)
    columns = s.chance.randint(2, 4)
    makers = [s.numbers() for _ in range(columns)]
    cells = [Cell(0, c, s.label()) for c in range(columns + 2)]
    row, rules, spanned = 1, [], s.chance.random() < 0.5
    usual = s.chance.choice([0, 2, 2, 3])
    for name in s.labels(s.chance.randint(2, 4)):
        rules.append(row)
        count = usual or s.chance.randint(1, 4)
        for at in range(count):
            if at == 0:
                cells.append(Cell(row, 0, name, row_span=count if spanned else 1))
            elif not spanned:
                cells.append(Cell(row, 0, ""))
            cells.append(Cell(row, 1, s.label()))
            cells += [Cell(row, c + 2, make()) for c, make in enumerate(makers)]
            row += 1
    return s.styled(
        "groups",
        seed,
        cells,
        ["left", "left"] + ["right"] * columns,
        [None] * (columns + 2),
        vertical="horizon" if spanned else "top",
        rules=s.chance.choice(["booktabs", "head", "none", "zebra"])
        if not spanned
        else s.chance.choice(["booktabs", "grid", "head"]),
        sections=rules if s.chance.random() < 0.4 else [],
    )


def _sparse(seed: int) -> Sample:
    """Many cells are empty, those of the first column too."""
    s = _Setter(seed)
    columns = s.chance.randint(3, 6)
    makers = [s.numbers() for _ in range(columns)]
    rows = [[s.label() for _ in range(columns + 1)]]
    share = s.chance.choice([0.3, 0.5])
    for at, label in enumerate(s.labels(s.chance.randint(4, 9))):
        row = [make() if s.chance.random() > share else "" for make in makers]
        if not any(row):
            row[0] = makers[0]()
        rows.append([label if at % 2 == 0 or s.chance.random() > share else "", *row])
    return s.styled(
        "sparse",
        seed,
        _grid(rows),
        ["left"] + [s.chance.choice(["right", "center"])] * columns,
        [None] * (columns + 1),
        rules=s.chance.choice(["booktabs", "head", "none", "rows", "grid"]),
    )


def _heads(seed: int) -> Sample:
    """Headings of two levels, now and then with units below."""
    s = _Setter(seed)
    groups, each = s.chance.randint(2, 3), s.chance.randint(2, 3)
    columns = groups * each
    units = s.chance.random() < 0.35
    makers = [s.numbers() for _ in range(columns)]
    cells = [Cell(0, 0, s.label(), row_span=2)]
    cells += [Cell(0, 1 + g * each, s.label(), col_span=each, centred=True) for g in range(groups)]
    cells += [Cell(1, 1 + c, s.label()) for c in range(columns)]
    start = 2
    if units:
        cells += [
            Cell(2, c, s.chance.choice(["(kg)", "(%)", "(mm)", "(n)"]) if c else "")
            for c in range(columns + 1)
        ]
        start = 3
    for at, label in enumerate(s.labels(s.chance.randint(3, 7))):
        cells += [Cell(start + at, c, make() if c else label) for c, make in enumerate([s.label, *makers])]
    return s.styled(
        "heads",
        seed,
        cells,
        ["left"] + ["center"] * columns,
        [None] * (columns + 1),
        heads=start,
        rules=s.chance.choice(["booktabs-groups", "booktabs-groups", "grid", "columns-head"]),
        vertical="horizon",
    )


def _statement(seed: int) -> Sample:
    """Amounts with their signs apart, indented lines, and totals."""
    s = _Setter(seed)
    years = s.chance.randint(2, 3)
    dots = s.chance.random() < 0.4
    mono = s.chance.random() < 0.3
    cells = [Cell(0, 0, "")] + [Cell(0, 1 + y, str(2024 - y)) for y in range(years)]
    row = 1
    for _ in range(s.chance.randint(5, 12)):
        name = s.label() if s.chance.random() < 0.6 else s.text(2, 5)
        blank = s.chance.random() < 0.12
        cells.append(Cell(row, 0, name + (" " + "." * s.chance.randint(8, 24) if dots and not blank else "")))
        for y in range(years):
            amount = f"{int(s.chance.uniform(1, 90000)):,}"
            cells.append(
                Cell(row, 1 + y, "" if blank else f"({amount})" if s.chance.random() < 0.2 else amount)
            )
        row += 1
    return s.styled(
        "statement",
        seed,
        cells,
        ["left"] + ["right"] * years,
        [None] * (years + 1),
        rules=s.chance.choice(["none", "head", "booktabs"]),
        font="DejaVu Sans Mono" if mono else s.chance.choice(_FONTS),
    )


def _marks(seed: int) -> Sample:
    """Numbers with marks raised after them."""
    s = _Setter(seed)
    columns = s.chance.randint(2, 5)
    cells = [Cell(0, c, s.label()) for c in range(columns + 1)]
    for at, label in enumerate(s.labels(s.chance.randint(3, 8))):
        cells.append(Cell(at + 1, 0, label, mark=s.chance.choice(["", "", "1", "a"])))
        for c in range(columns):
            mark = s.chance.choice(["", "*", "**", "b"])
            cells.append(Cell(at + 1, c + 1, f"{s.chance.uniform(-9, 9):.3f}", mark=mark))
    return s.styled("marks", seed, cells, ["left"] + ["center"] * columns, [None] * (columns + 1))


def _names(seed: int) -> Sample:
    """Words alone, a line each: nothing goes on."""
    s = _Setter(seed)
    columns = s.chance.randint(2, 5)
    rows = [[s.label() for _ in range(columns)] for _ in range(s.chance.randint(4, 12))]
    if s.chance.random() < 0.4:
        rows = [rows[0]] + [[text.lower() for text in row] for row in rows[1:]]
    return s.styled(
        "names",
        seed,
        _grid(rows),
        ["left"] * columns,
        [None] * columns,
        rules=s.chance.choice(["booktabs", "head", "none", "columns", "columns-head", "zebra", "frame"]),
    )


#: The kinds of table, and what makes one of a seed.
KINDS: dict[str, Callable[[int], Sample]] = {
    "numbers": _numbers,
    "survey": _survey,
    "texts": _texts,
    "definitions": _definitions,
    "errors-below": _errors_below,
    "sections": _sections,
    "groups": _groups,
    "sparse": _sparse,
    "heads": _heads,
    "statement": _statement,
    "marks": _marks,
    "names": _names,
}


def sample(kind: str, seed: int) -> Sample:
    """The table of a kind and a seed, always the same."""
    return KINDS[kind](seed)
