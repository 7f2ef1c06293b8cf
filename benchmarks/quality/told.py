"""What `expected.md` tells of a page: blocks, what it leaves out, and what it says in words.

A line in parentheses stands for something, as does `...`. These are understood:

- `...` in a paragraph, a cell or a listing: any text; on a line of its own, or at the very end: any blocks;
- `| ... | ... |`, or `...` after the last cell of a row: any rows, also of tables that follow;
- `(table 5 columns, 3 rows)`; `(one row: No results)`, a row whose cells all say that;
- `(six paragraphs ...)`: as many that begin with a capital and end with a stop, and none in pieces;
- `One table with the heads A, B and 120 rows`: as many rows below heads that may be repeated on each page;
- `TEXT (header)`: may be there or not;
- `(... symbols as text)`: a formula is there when the letters of it are.

Any other remark at the end is one on the outcome; elsewhere it is any blocks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import StrEnum

import msgspec

from benchmarks.metrics.items import normalised
from benchmarks.metrics.text import strip_markdown

__all__ = ["ELLIPSIS", "Told", "ToldKind", "told"]

ELLIPSIS = "..."


class ToldKind(StrEnum):
    """What is told."""

    HEADING = "heading"
    TEXT = "text"
    CODE = "code"
    TABLE = "table"
    SHAPE = "shape"
    FORMULA = "formula"
    PARAGRAPHS = "paragraphs"
    HEADED_ROWS = "headed rows"
    ANYTHING = "anything"


class Told(msgspec.Struct, frozen=True):
    """One thing that is told; elisions in its lines and cells are `ELLIPSIS`.

    `rows` of a table are its cells, `(ELLIPSIS,)` being any rows. Of a shape it is one row, of headed rows
    the heads; `size` is how many rows are below them, or how many paragraphs there are. `optional` is what
    may be missing.
    """

    kind: ToldKind
    lines: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    size: int = 0
    optional: bool = False


_RULE = re.compile(r"\|[-:| ]+\|?")
_SHAPE = re.compile(r"\(table (\d+) columns, (\d+) rows\)")
_ONE_ROW = re.compile(r"\(one row: ([^()]+)\)")
_PARAGRAPHS = re.compile(r"\((\w+) paragraphs\b")
_HEADED = re.compile(r"One table with the heads ([^()]+?) and (\d+) rows")
_HEADER = " (header)"
_SYMBOLS = "symbols as text)"
_FENCE = "```"
_FORMULA = "$$"
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def told(expected: str) -> list[Told]:
    """What is told, in order."""
    lines = [line.rstrip().replace("…", ELLIPSIS) for line in expected.splitlines()]
    while lines and (not lines[-1] or (_is_remark(lines[-1]) and not _means_something(lines[-1]))):
        if _SYMBOLS in lines.pop():
            lines = [line.replace(_FORMULA, _FORMULA * 2) for line in lines]
    found = [each for group in _groups(lines) for each in _told(group)]
    if found and found[-1].kind is ToldKind.TEXT and found[-1].lines[-1].endswith(ELLIPSIS):
        found.append(Told(ToldKind.ANYTHING))
    return found


def _groups(lines: Sequence[str]) -> Iterator[list[str]]:
    """Lines that belong together: paragraphs, rows of a table, listings."""
    group, fenced = list[str](), False
    for line in lines:
        fence = line.startswith(_FENCE)
        if fenced:
            group.append(line)
            if fence:
                yield group
                group = []
            fenced = not fence
            continue
        more = line == ELLIPSIS and bool(group)
        if group and not more and (fence or not line or _sort(line) != _sort(group[-1]) or _alone(line)):
            yield group
            group = []
        if line:
            group.append(line)
        fenced = fence
    if group:
        yield group


def _sort(line: str) -> str:
    """Lines of one sort may belong together."""
    return "row" if line.startswith("|") or _ONE_ROW.fullmatch(line) else "other"


def _alone(line: str) -> bool:
    return line.startswith("#") or line == ELLIPSIS or (_is_remark(line) and _sort(line) != "row")


def _is_remark(line: str) -> bool:
    return line.startswith("(") and line.endswith(")")


def _means_something(line: str) -> bool:
    return any(pattern.match(line) for pattern in (_SHAPE, _ONE_ROW, _PARAGRAPHS)) or line == "(paragraph)"


def _told(group: list[str]) -> Iterator[Told]:
    first, *others = group
    if first.startswith(_FENCE):
        yield Told(ToldKind.CODE, tuple(filter(None, map(strip_markdown, group[1:-1]))))
    elif _sort(first) == "row":
        yield Told(ToldKind.TABLE, rows=tuple(_rows(group)))
        if group[-1] == ELLIPSIS:
            yield Told(ToldKind.ANYTHING)
    elif shape := _SHAPE.fullmatch(first):
        yield Told(ToldKind.SHAPE, rows=((ELLIPSIS,) * int(shape[1]),), size=int(shape[2]))
    elif found := _PARAGRAPHS.match(first):
        yield Told(ToldKind.PARAGRAPHS, size=_number(found[1]))
    elif found := _HEADED.match(first):
        heads = tuple(normalised(head) for head in found[1].split(","))
        yield Told(ToldKind.HEADED_ROWS, rows=(heads,), size=int(found[2]))
    elif first == ELLIPSIS or _is_remark(first):
        yield Told(ToldKind.ANYTHING)
    elif first.startswith("#"):
        yield Told(ToldKind.HEADING, (strip_markdown(first),))
    elif first.startswith(_FORMULA * 2):
        yield Told(ToldKind.FORMULA, (first.strip("$"),))
    else:
        yield _text(group)
        if others and others[-1] == ELLIPSIS:
            yield Told(ToldKind.ANYTHING)
        return
    if others and _sort(first) != "row" and not first.startswith(_FENCE):
        yield from _told(others)


def _text(group: list[str]) -> Told:
    lines = [*group]
    if len(lines) > 1 and lines[-1] == ELLIPSIS:
        lines[-2:] = [f"{lines[-2]} {ELLIPSIS}"]
    optional = lines[-1].endswith(_HEADER)
    lines[-1] = lines[-1].removesuffix(_HEADER)
    if ELLIPSIS in lines[-1]:
        kept, _, after = lines[-1].rpartition(ELLIPSIS)
        lines[-1] = kept + ELLIPSIS + ("" if _is_remark(after.strip()) else after)
    return Told(ToldKind.TEXT, tuple(map(strip_markdown, lines)), optional=optional)


def _rows(group: list[str]) -> Iterator[tuple[str, ...]]:
    for line in group:
        if _RULE.fullmatch(line):
            continue
        if line == ELLIPSIS:
            yield (ELLIPSIS,)
            continue
        if same := _ONE_ROW.fullmatch(line):
            yield (normalised(same[1]),)
            continue
        cells = [strip_markdown(cell) for cell in line.strip().removeprefix("|").split("|")]
        more = not line.endswith("|") and cells[-1] == ELLIPSIS
        if line.endswith("|") or more:
            cells.pop()
        if cells and set(cells) != {ELLIPSIS}:
            yield tuple(cells)
        if more or set(cells) == {ELLIPSIS}:
            yield (ELLIPSIS,)


def _number(word: str) -> int:
    return int(word) if word.isdecimal() else _NUMBERS.index(word.lower())
