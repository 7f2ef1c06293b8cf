"""Tables without rulings or a detection: short pieces of text, many of them numbers, aligned in columns."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from docmill.pipeline.convert.layout.blocks.markers import DASHES, PROMPT, is_bullet, leader_page
from docmill.pipeline.convert.layout.blocks.spatial import hull
from docmill.pipeline.convert.layout.blocks.text_rows import Row
from docmill.pipeline.convert.layout.regions.found_region import Found
from docmill.pipeline.convert.layout.regions.tables.among_text import is_full
from docmill.pipeline.convert.layout.regions.tables.drawn import Drawn, is_numeric, stretches
from docmill.pipeline.convert.layout.regions.tables.ruled_grids import bands
from docmill.pipeline.convert.layout.regions.tables.table_cuts import cut_rows
from docmill.pipeline.convert.types import Box, PageContent

__all__ = ["aligned_tables", "shared_edges"]

_LEAST_BANDS = 4
_LEAST_NUMBERS = 0.35
_LEAST_LETTERED, _MOST_LETTERED = 5, 40  # baselines of a table of words
_LEAST_WHOLE = 0.6  # of the baselines have a piece in each column
_LEAST_PRICED = 0.5  # ... have a figure in a list of names and figures
_LEAST_NAMED = 3  # lines of names and values beside a table
_MOST_WORDS = 5  # in most pieces
_LEAST_PROSE = 3  # lines make a column of text
_MOST_DEPTH = 2  # columns within columns
_MAX_ROWS = 3000
_SCORE = 0.6


def _runs(rows: Sequence[Row]) -> list[list[list[Row]]]:
    """Runs of baselines of which no two neighbours lack a second piece, evenly spaced."""
    runs: list[list[list[Row]]] = []
    current: list[list[Row]] = []
    for band in bands(rows):
        if current:
            gap = min(row.box.t for row in band) - max(row.box.b for row in current[-1])
            lone = len(band) == 1 and len(current[-1]) == 1
            if lone or gap > 2.2 * band[0].size:
                runs.append(current)
                current = []
        current.append(band)
    return [*runs, current] if current else runs


def shared_edges(rows: Sequence[Row]) -> int:
    """How many vertical lines three or more pieces start or end on."""
    left = Counter(round(row.box.l / 3) for row in rows)
    right = Counter(round(row.box.r / 3) for row in rows)
    columns = 0
    for counter in (left, right):
        columns = max(columns, sum(1 for count in counter.values() if count >= 3))
    return columns


def _in_columns(run: Sequence[Sequence[Row]]) -> bool:
    """True for columns of short pieces, as many on most baselines, each with an edge or a centre of its own.

    Two columns are a table where the second is one of figures, more where one of them is or where there are
    many lines. Columns of prose have longer lines, an index of a book more of them, addresses say so, and
    what stands in several columns of a list begins with bullets.
    """
    every = [sorted(band, key=lambda row: row.box.l) for band in run]
    number = Counter(len(band) for band in every if len(band) > 1).most_common(1)[0][0]
    whole = [band for band in every if len(band) == number]
    if len(whole) < max(3, (_LEAST_PRICED if number == 2 else _LEAST_WHOLE) * len(every)):
        return False
    pieces = [row for band in every for row in band]
    words = sorted(len(row.text.split()) for row in pieces)
    if words[int(0.8 * len(words))] > _MOST_WORDS or any("@" in row.text for row in pieces):
        return False
    if any(two.box.l - one.box.r < 1.0 * one.size for band in whole for one, two in pairwise(band)):
        return False
    columns = [[band[column] for band in whole] for column in range(number)]
    if any(sum(_bulleted(row) for row in column) > 0.3 * len(column) for column in columns):
        return False
    if sum(row.math > 0.3 for row in pieces) > 0.3 * len(pieces):
        return False
    if not all(_lined_up([row.box for row in column]) for column in columns):
        return False
    figures = [sum(map(is_numeric, column)) >= 0.6 * len(column) for column in columns]
    if number == 2:
        return figures[1] and not figures[0] and (len(whole) >= 0.8 * len(every) or _priced(every))
    if any(figures[1:]) or _headed(run):
        return True
    return len(whole) >= 0.8 * len(every) and _LEAST_LETTERED <= len(run) <= _MOST_LETTERED


def _priced(every: Sequence[Sequence[Row]]) -> bool:
    """True for a list with a figure at the right of half of its lines or more, and short names at the left.

    Names without a figure head those under them; they begin where the others do.
    """
    left = min(band[0].box.l for band in every)
    whole = [band for band in every if len(band) == 2]
    names = [band[0] for band in every]
    ends = sorted(band[1].box.r for band in whole)
    middle = ends[len(ends) // 2]
    return (
        len(whole) >= max(3, _LEAST_PRICED * len(every))
        and all(abs(name.box.l - left) < 2 * name.size and len(name.text.split()) <= 8 for name in names)
        and sum(abs(end - middle) < 2.5 for end in ends) >= 0.9 * len(ends)
    )


def _labelled(run: Sequence[Sequence[Row]]) -> bool:
    """True for names and values in columns by turns: names end in a colon, or they alone are bold."""
    every = [sorted(band, key=lambda row: row.box.l) for band in run]
    whole = [band for band in every if len(band) % 2 == 0]
    if len(whole) < max(2, 0.8 * len(every)) or max(map(len, whole)) > 6:
        return False
    names = [row for band in whole for row in band[::2]]
    values = [row for band in whole for row in band[1::2]]
    colons = sum(row.text.endswith((":", "\uff1a")) for row in names)
    bold = len(whole) > 2 and all(row.bold for row in names) and not any(row.bold for row in values)
    if colons < 0.7 * len(names) and not bold:
        return False
    if any(row.text.endswith(":") for row in values) or any(len(row.text.split()) > 8 for row in values):
        return False
    columns = {len(band) for band in whole}
    return all(_lined_up([band[at].box for band in whole if len(band) > at]) for at in range(max(columns)))


def _named(run: Sequence[Sequence[Row]], table: Sequence[Sequence[Row]]) -> bool:
    """True for names and what they stand for, in two columns beside a table, line by line with it."""
    every = [sorted(band, key=lambda row: row.box.l) for band in run]
    if len(every) < _LEAST_NAMED or any(len(band) != 2 for band in every):
        return False
    own, other = (hull(row.box for band in lines for row in band) for lines in (run, table))
    beside = min(own.b, other.b) - max(own.t, other.t) > 0.6 * min(own.height, other.height)
    apart = all(two.box.l - one.box.r >= one.size for one, two in every)
    short = all(len(row.text.split()) <= _MOST_WORDS for band in every for row in band)
    columns = ([band[at].box for band in every] for at in range(2))
    return beside and apart and short and all(map(_lined_up, columns))


def _heads_over_values(run: Sequence[Sequence[Row]]) -> bool:
    """True for two lines of as many pieces, flush left with each other: words over figures."""
    if len(run) != 2 or len(run[0]) != len(run[1]) or len(run[0]) < 3:
        return False
    heads, values = (sorted(band, key=lambda row: row.box.l) for band in run)
    named = all(head.bold for head in heads) and not any(value.bold for value in values)
    for head, value in zip(heads, values, strict=True):
        flush = abs(head.box.l - value.box.l) < 3
        if not flush and not (named and abs(head.box.r - value.box.r) < 3):
            return False
    if any(len(row.text.split()) > 5 for row in heads):
        return False
    if any(len(row.text.split()) > (2 * _MOST_WORDS if named else _MOST_WORDS) for row in values):
        return False
    figured = sum(any(map(str.isdigit, value.text)) for value in values)
    plain = not any(any(map(str.isdigit, head.text)) for head in heads)
    return (plain and 2 * figured >= len(values)) or (named and figured > 0)


def _headed(run: Sequence[Sequence[Row]]) -> bool:
    """True for three columns or more, a bold line over lines that are not: heads and what is under them.

    Heads and texts share an edge; names over affiliations are centred.
    """
    heads, body = sorted(run[0], key=lambda row: row.box.l), run[1:]
    if len(heads) < 3 or not all(row.bold for row in heads) or any(row.bold for band in body for row in band):
        return False
    whole = [sorted(band, key=lambda row: row.box.l) for band in body if len(band) == len(heads)]
    flush = sum(
        min(abs(head.box.l - row.box.l), abs(head.box.r - row.box.r)) < 2.5
        for band in whole
        for head, row in zip(heads, band, strict=True)
    )
    return bool(whole) and flush >= 0.8 * len(whole) * len(heads)


def _bulleted(row: Row) -> bool:
    return is_bullet(row.first, row.first_font) and row.first not in DASHES


def _lined_up(boxes: Sequence[Box]) -> bool:
    """True when most boxes of a column share their left edge, their right edge or their centre."""
    for edges in ([box.l for box in boxes], [box.r for box in boxes], [(box.l + box.r) / 2 for box in boxes]):
        middle = sorted(edges)[len(edges) // 2]
        if sum(abs(edge - middle) < 2.5 for edge in edges) >= 0.8 * len(edges):
            return True
    return False


def aligned_tables(rows: Sequence[Row], page: PageContent) -> list[Found]:
    """Tables that only alignment shows: a third of the pieces are numbers, or the columns are strict."""
    return [Found("table", box, _SCORE, "geometry") for box in _aligned_boxes(rows, page)]


def _aligned_boxes(rows: Sequence[Row], page: PageContent) -> list[Box]:
    """Where those tables are; in columns of text they are looked for one column at a time."""
    if len(rows) > _MAX_ROWS:
        return []
    found: list[Box] = []
    drawn: Drawn | None = None
    waiting = [(0, [row for row in rows if not row.angle])]
    while waiting:
        depth, group = waiting.pop()
        for run in _runs(group):
            if sum(1 for band in run if len(band) > 1) < 2 or _listing(run):
                continue
            drawn = drawn or Drawn.of(page, ())
            pieces = [row for band in run for row in band]
            typed = all(row.mono for row in pieces)  # so that long pieces are no sign of text
            look = depth < _MOST_DEPTH and not typed and not _in_step(run)
            beside = _text_columns(pieces) if look else []
            if beside:
                waiting += ((depth + 1, column) for column in beside)
                continue
            parts = cut_rows(pieces, drawn.inside(hull(row.box for row in pieces)))
            tables = [table for part in parts if (table := _whole(bands(part)))]
            sure = [_is_table(run, page.width) or _labelled(run) or _heads_over_values(run) for run in tables]
            found += (
                hull(row.box for band in table for row in band)
                for table, certain in zip(tables, sure, strict=True)
                if certain or any(_named(table, tables[at]) for at, other in enumerate(sure) if other)
            )
    return found


def _in_step(run: Sequence[Sequence[Row]]) -> bool:
    """True for columns with at most a piece on each line, two or more of them of figures.

    However long the pieces of one column are, they do not go on from line to line.
    """
    pieces = [row for band in run for row in band]
    columns = stretches(pieces)
    number = max(map(len, run))
    if number < 3 or len(run) < _LEAST_BANDS or len(columns) != number:
        return False
    if sum(len(band) >= number - 1 for band in run) < 0.8 * len(run):
        return False
    if any(row.text[:1].islower() for row in pieces if is_full(row)):
        return False
    starts = [left for left, _ in columns]
    held: list[list[Row]] = [[] for _ in columns]
    for band in run:
        places = [bisect_right(starts, row.centre) - 1 for row in band]
        if len(set(places)) < len(places):
            return False
        for place, row in zip(places, band, strict=True):
            held[place].append(row)
    figures = [column for column in held if sum(map(is_numeric, column)) >= 0.7 * len(column)]
    return len(figures) > 1 and all(_lined_up([row.box for row in column]) for column in held)


def _listing(run: Sequence[Sequence[Row]]) -> bool:
    """True for code whose lines, or some of them, are set in columns."""
    rows = [row for band in run for row in band]
    if not all(row.mono and row.code for row in rows):
        return False
    single = sum(len(band) == 1 for band in run)
    return 3 * single >= len(run) or any(PROMPT.match(row.text) for row in rows)


def _text_columns(rows: Sequence[Row]) -> list[list[Row]]:
    """What stands in each column of text, and between them; nothing where text is beside nothing."""
    prose = [row for row in rows if is_full(row)]
    if len(prose) < _LEAST_PROSE:
        return []
    columns = stretches(prose)
    groups: dict[int, list[Row]] = {}
    for row in rows:
        at = sum(1 for left, _ in columns if left < row.centre)
        inside = at > 0 and row.centre < columns[at - 1][1]
        groups.setdefault(2 * at - 1 if inside else 2 * at, []).append(row)
    return list(groups.values()) if len(groups) > 1 else []


def _whole(run: list[list[Row]]) -> list[list[Row]]:
    """Without single pieces above and below the columns, unless one heads the first lines as others do."""
    several = [at for at, band in enumerate(run) if len(band) > 1]
    if not several:
        return []
    first, last = several[0], several[-1]
    alike = [band[0] for band in run[first:last] if len(band) == 1]
    if first and alike:
        head, below = run[first - 1][0], run[first][0]
        pitches = sorted(two[0].middle - one[0].middle for one, two in pairwise(run[first : last + 1]))
        near = below.middle - head.middle < 1.2 * pitches[len(pitches) // 2]
        same = all((head.bold, head.size) == (row.bold, row.size) for row in alike)
        if near and same and all(abs(head.box.l - row.box.l) < 2 for row in alike):
            first -= 1
    return run[first : last + 1]


def _is_table(run: Sequence[Sequence[Row]], width: float) -> bool:
    pieces = [row for band in run for row in band]
    wide = (row for row in pieces if row.box.width > 0.5 * width)
    if any(leader_page(row.text) is None for row in wide):
        return False
    if len(run) < _LEAST_BANDS:
        return len(run) == _LEAST_BANDS - 1 and _headed(run) and _in_columns(run)
    several = sum(1 for band in run if len(band) > 1)
    figures = sum(map(is_numeric, pieces)) >= _LEAST_NUMBERS * len(pieces)
    if figures and several >= 0.6 * len(run) and shared_edges(pieces) >= 2:
        return True
    return _in_columns(run)
