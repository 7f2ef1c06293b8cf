"""What of that which is told an output has, block by block.

Text is alike when all but one in 500 characters are, NFKC and with white space as single spaces. A new
paragraph may begin at each line break of what is told. A line without a stop at its end may be a heading.
A cell that is empty may hold what the one before it says: it is spanned.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise

from benchmarks.metrics.items import normalised
from benchmarks.metrics.text import similarity
from benchmarks.quality.blocks import Block, BlockKind
from benchmarks.quality.told import ELLIPSIS, Told, ToldKind

__all__ = ["fault"]

_LEAST_ALIKE = 0.998
_STOPS = ".!?:。！？：؟"
_QUOTES = "\"'”’»“)]）」"
_UNKNOWN = "\N{REPLACEMENT CHARACTER}"
_TABLES = (ToldKind.TABLE, ToldKind.HEADED_ROWS, ToldKind.ANYTHING)
#: Characters of what is told that a fault is known by.
_NAMED = 40


def fault(expected: Sequence[Told], made: Sequence[Block]) -> str | None:
    """The first that is not as told; None when all of it is."""
    alone = all(each.kind in _TABLES for each in expected)
    furthest = 0

    @cache
    def holds(number: int, at: int) -> bool:
        nonlocal furthest
        furthest = max(furthest, number)
        if number == len(expected):
            return all(_may_stand_around(block, alone) for block in made[at:])
        return any(holds(number + 1, end) for end in _ends(expected[number], made, at))

    for start in range(len(made) + 1):
        if holds(0, start):
            return None
        if start < len(made) and not _may_stand_around(made[start], alone):
            break
    if furthest == len(expected):
        return "more than is told"
    return f"{furthest} of {len(expected)} are there; then not {_name(expected[furthest])}"


def _may_stand_around(block: Block, alone: bool) -> bool:
    """Whether a block may stand before or after what is told."""
    if alone:
        return block.kind is not BlockKind.TABLE
    return block.kind is BlockKind.HEADING or _is_whole(block)


def _is_whole(block: Block) -> bool:
    """A paragraph that nothing parts."""
    text = block.text
    if block.kind is not BlockKind.TEXT or _UNKNOWN in text:
        return False
    return not text[:1].islower() and text[:1].isalpha() and text.rstrip(_QUOTES)[-1:] in _STOPS


def _name(each: Told) -> str:
    told = " ".join(each.lines) or " | ".join(each.rows[0] if each.rows else ())
    return f"{each.kind} {told[:_NAMED]}".rstrip()


def _ends(each: Told, made: Sequence[Block], at: int) -> Iterator[int]:
    """Up to which blocks, from `at` on, it may be."""
    if each.optional:
        yield at
    block = made[at] if at < len(made) else None
    match each.kind:
        case ToldKind.ANYTHING:
            yield from range(at, len(made) + 1)
        case ToldKind.TEXT:
            yield from _text_ends(each.lines, made, at)
        case ToldKind.FORMULA:
            yield from _formula_ends(each, made, at)
        case ToldKind.PARAGRAPHS if _has_paragraphs(each.size, made[at:]):
            yield len(made)
        case ToldKind.HEADED_ROWS:
            yield from _headed_ends(each, made, at)
        case ToldKind.HEADING | ToldKind.CODE if block is not None and block.kind.value == each.kind.value:
            if _alike(each.lines, block.lines):
                yield at + 1
        case ToldKind.SHAPE if block is not None and block.kind is BlockKind.TABLE:
            if len(block.rows) - each.size in (0, 1) and len(block.rows[0]) == len(each.rows[0]):
                yield at + 1
        case ToldKind.TABLE if block is not None and block.kind is BlockKind.TABLE:
            yield from _table_ends(each.rows, made, at)
        case _:
            pass


def _text_ends(lines: tuple[str, ...], made: Sequence[Block], at: int) -> Iterator[int]:
    """In one block, or in one a line, or what is between."""
    for end in range(at + 1, min(at + len(lines), len(made)) + 1):
        block = made[end - 1]
        unstopped = block.kind is BlockKind.HEADING and block.text[-1:] not in _STOPS
        if block.kind is not BlockKind.TEXT and not unstopped:
            return
        texts = [each.text for each in made[at:end]]
        starts = [_start(line) for line in lines]
        if all(_start(text) in starts for text in texts[1:]) and _alike(lines, tuple(texts)):
            yield end


def _start(text: str) -> str:
    return "".join(text.split())[:12]


def _alike(told: Sequence[str], made: Sequence[str]) -> bool:
    wanted, text = normalised(" ".join(told)), normalised(" ".join(made))
    if ELLIPSIS in wanted:
        return _with_elisions(wanted, text)
    return wanted == text or similarity(wanted, text) >= _LEAST_ALIKE


def _with_elisions(wanted: str, text: str) -> bool:
    first, *others = (part.strip() for part in wanted.split(ELLIPSIS))
    if not text.startswith(first) or not text.endswith(others[-1]):
        return False
    at, end = len(first), len(text) - len(others[-1])
    for part in others[:-1]:
        at = text.find(part, at, end)
        if at < 0:
            return False
        at += len(part)
    return at <= end


def _table_ends(rows: Sequence[Sequence[str]], made: Sequence[Block], at: int) -> Iterator[int]:
    """In one table; rows left out at its end may be in the ones that follow."""
    table = made[at].rows
    open_ended = tuple(rows[-1]) == (ELLIPSIS,)
    if not _rows_hold(rows, table):
        return
    yield at + 1
    end = at + 1
    while open_ended and end < len(made) and made[end].kind is BlockKind.TABLE:
        if len(made[end].rows[0]) != len(table[0]):
            return
        end += 1
        yield end


def _rows_hold(rows: Sequence[Sequence[str]], table: Sequence[Sequence[str]]) -> bool:
    """Whether the rows are those that are told; rows left out are any number of rows."""
    ends = {0}
    for row in rows:
        if tuple(row) == (ELLIPSIS,):
            ends = set(range(min(ends), len(table) + 1))
        else:
            ends = {end + 1 for end in ends if end < len(table) and _row_holds(row, table[end])}
        if not ends:
            return False
    return len(table) in ends


def _row_holds(row: Sequence[str], made: Sequence[str]) -> bool:
    if len(row) == 1 and len(made) > 1:
        return all(_cell_holds(row[0], cell) or not cell for cell in made) and any(made)
    if len(row) != len(made) or not _cell_holds(row[0], made[0]):
        return False
    return all(
        _cell_holds(wanted, cell) or (not wanted and cell == before)
        for wanted, (before, cell) in zip(row[1:], pairwise(made), strict=True)
    )


def _cell_holds(wanted: str, cell: str) -> bool:
    bare, made = "".join(normalised(wanted).split()), "".join(normalised(cell).split())
    return _with_elisions(bare, made) if ELLIPSIS in bare else bare == made


def _formula_ends(each: Told, made: Sequence[Block], at: int) -> Iterator[int]:
    """As soon as the letters of the formula, its commands aside, are there."""
    wanted = Counter(_letters(each.lines[0]))
    found = Counter[str]()
    for end in range(at, len(made)):
        found += Counter(_letters(made[end].text))
        if wanted <= found:
            yield from range(end + 1, len(made) + 1)
            return


def _letters(text: str) -> Iterator[str]:
    words = normalised(text).replace("\\", " \\").replace("{", " ").replace("}", " ").split()
    kept = "".join(word for word in words if not word.startswith("\\"))
    return (character for character in kept if character.isalnum() or character in "()=+")


def _has_paragraphs(number: int, made: Sequence[Block]) -> bool:
    """Whether there are as many whole paragraphs, and no piece of one: nothing else begins or ends so."""
    whole = sum(_is_whole(block) for block in made)
    left = [block.text for block in made if not _is_whole(block)]
    return whole == number and not any(text[:1].islower() or text[-1:] in _STOPS for text in left)


def _headed_ends(each: Told, made: Sequence[Block], at: int) -> Iterator[int]:
    """Tables that have the heads for their first row, with as many rows below these."""
    rows = 0
    for end in range(at, len(made)):
        block = made[end]
        if block.kind is not BlockKind.TABLE or not _row_holds(each.rows[0], block.rows[0]):
            return
        rows += len(block.rows) - 1
        if rows == each.size:
            yield end + 1
