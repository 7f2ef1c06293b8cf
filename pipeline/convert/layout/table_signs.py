"""What on a page may be a table: rules that part columns or rows, and lines of several pieces."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

from docmill.pipeline.convert.types import PageContent, TextCell

__all__ = ["baselines", "has_columns", "is_ruled"]

#: More than these are of drawings, and of pages that nobody should wait for.
_MOST_RULES, _MOST_UPRIGHT, _MOST_PAIRS, _MOST_CELLS = 2000, 100, 40, 3000
#: Rules of one width above one another: a page with a header and a footnote has fewer.
_STACKED = 3
_LONG, _TALL = 20.0, 10.0
_EDGE, _APART = 4.0, 3.0  # points: ends of rules that are one edge, and rules that are two
_NEAR = 60.0  # points from a rule between columns to what stands in them
_JOINED = 4.0  # points between the parts of a rule that is drawn cell by cell, or line by line
#: Baselines in a row on which three pieces of text stand, or two short ones.
_ROWS_OF_THREE, _ROWS_OF_SHORT = 2, 3
_SHORT = 0.25


def is_ruled(page: PageContent) -> bool:
    """Whether rules of one width have text in columns between them, or upright rules are not just a box's."""
    rulings = page.rulings[:_MOST_RULES]
    across = _joined((rule.y0, rule.x0, rule.x1) for rule in rulings if rule.horizontal)
    down = _joined((rule.x0, rule.y0, rule.y1) for rule in rulings if not rule.horizontal)
    across = [line for line in across if line[2] - line[1] > _LONG]
    down = [line for line in down if line[2] - line[1] > _TALL]
    if len(page.cells) > _MOST_CELLS:
        return len(across) >= _STACKED or len(down) > 1
    return _is_stacked(across, page.cells) or _parts_columns(down, across, page.cells)


def baselines(cells: Iterable[TextCell]) -> Iterator[list[TextCell]]:
    """Cells on one baseline, from top to bottom."""
    band: list[TextCell] = []
    for cell in sorted(cells, key=lambda cell: cell.box.t):
        if band and cell.box.t >= band[0].box.t + 0.5 * band[0].box.height:
            yield band
            band = []
        band.append(cell)
    if band:
        yield band


def has_columns(page: PageContent) -> bool:
    """Whether several lines in a row have several pieces, but for the lines of two columns of text."""
    narrow = _SHORT * page.width
    three = short = 0
    for band in baselines(page.cells):
        three = three + 1 if len(band) >= 3 else 0
        short = short + 1 if sum(cell.box.width < narrow for cell in band) >= 2 else 0
        if three >= _ROWS_OF_THREE or short >= _ROWS_OF_SHORT:
            return True
    return False


#: A rule: where it is, and from where to where it goes along.
_Line = tuple[float, float, float]


def _joined(lines: Iterable[_Line]) -> list[_Line]:
    """Rules, those as one that are drawn in parts one after the other."""
    found: list[_Line] = []
    for at, begin, end in sorted(lines, key=lambda line: (round(line[0]), line[1])):
        last = found[-1] if found else None
        if last is not None and abs(at - last[0]) < 1.0 and begin - last[2] < _JOINED:
            found[-1] = (last[0], last[1], max(last[2], end))
        else:
            found.append((at, begin, end))
    return found


def _is_stacked(across: Sequence[_Line], cells: Sequence[TextCell]) -> bool:
    groups: dict[tuple[int, int], list[_Line]] = {}
    for line in across:
        groups.setdefault((round(line[1] / _EDGE), round(line[2] / _EDGE)), []).append(line)
    for group in groups.values():
        levels = sorted(line[0] for line in group)
        distinct = [y for at, y in enumerate(levels) if at == 0 or y - levels[at - 1] > _APART]
        if len(distinct) >= _STACKED:
            left, right = group[0][1] - _EDGE, group[0][2] + _EDGE
            inner = [
                cell
                for cell in cells
                if levels[0] < (cell.box.t + cell.box.b) / 2 < levels[-1]
                and left < cell.box.l
                and cell.box.r < right
            ]
            if any(len(band) > 1 for band in baselines(inner)):
                return True
    return False


def _parts_columns(down: Sequence[_Line], across: Sequence[_Line], cells: Sequence[TextCell]) -> bool:
    """Whether three upright rules stand beside each other, or two that are not just the sides of a box."""
    down = down[:_MOST_UPRIGHT]
    pairs: list[tuple[_Line, _Line]] = []
    for at, one in enumerate(down):
        beside = [two for two in down[:at] if _is_beside(one, two)]
        pairs += [(one, two) for two in beside]
        if len(pairs) > _MOST_PAIRS or any(_is_beside(two, three) for two, three in combinations(beside, 2)):
            return True
    return any(not _is_box(one, two, across) and _holds_columns(one, two, cells) for one, two in pairs)


def _holds_columns(one: _Line, two: _Line, cells: Sequence[TextCell]) -> bool:
    """Whether lines have a piece on each side of a rule, near to it, or several between the two."""
    top, bottom = max(one[1], two[1]), min(one[2], two[2])
    left, right = sorted((one[0], two[0]))
    inner = [cell for cell in cells if top < (cell.box.t + cell.box.b) / 2 < bottom]
    for band in baselines(inner):
        between = [cell for cell in band if cell.box.l > left - _EDGE and cell.box.r < right + _EDGE]
        outside = [
            cell for cell in band if -_EDGE < left - cell.box.r < _NEAR or -_EDGE < cell.box.l - right < _NEAR
        ]
        if len(between) > 1 or (between and outside):
            return True
    return False


def _is_beside(one: _Line, two: _Line) -> bool:
    shared = min(one[2], two[2]) - max(one[1], two[1])
    return abs(one[0] - two[0]) >= _APART and shared > 0.5 * min(one[2] - one[1], two[2] - two[1])


def _is_box(one: _Line, two: _Line, across: Sequence[_Line]) -> bool:
    left, right = sorted((one[0], two[0]))
    return all(
        any(
            abs(line[0] - end) < _JOINED and line[1] < left + _EDGE and line[2] > right - _EDGE
            for line in across
        )
        for end in (min(one[1], two[1]), max(one[2], two[2]))
    )
