"""Tables that go on over page breaks: docling gives each page's part as a table of its own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from docling_core.types.doc import DocItemLabel, DoclingDocument, TableItem
from docling_core.types.doc.document import DocItem, NodeItem

from docmill.pipeline.convert.document.docling_stages import PageParts
from docmill.pipeline.convert.layout.blocks.markers import is_page_number
from docmill.pipeline.convert.layout.blocks.spatial import lies_in
from docmill.pipeline.convert.types import TableStructure, Word

__all__ = ["TableJoins"]

_LOWEST = 0.55  # of the page: a table that goes on ends further down
_EDGE = 6.0  # points by which the parts' columns may stand apart
_SAMPLE = 60  # rows at an end of a part that tell what its columns hold
_FIGURES = 0.8  # of a column of figures
_CONTINUED = re.compile(
    r"\b(?:cont(?:inued|['’]?d|\.)|fortsetzung|forts\.|suite|continuación|segue)", re.IGNORECASE
)
_DIGITS = re.compile(r"\d+")
_NUMBER = re.compile(r"[-+–−(]?[$€£¥]?\s?\d[\d.,'’\s/:-]*[)%]*|[-–—]|n/?a", re.IGNORECASE)

#: Left and right edge of what stands in a column, in points.
_Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class _Part:
    """A table of one page, where its columns stand, and its rows as texts by column."""

    table: TableItem
    spans: dict[int, _Span]
    rows: list[dict[int, str]]
    titled: bool  # its first row is bold and those after it are not

    @property
    def page(self) -> int:
        return int(self.table.prov[0].page_no)


@dataclass(slots=True)
class _Whole:
    """A table as far as it has come: its column heads, or first row, and the rows that it ends with."""

    table: TableItem
    heads: list[dict[int, str]]
    end: list[dict[int, str]]

    @classmethod
    def of(cls, part: _Part) -> _Whole:
        """A table of one part so far."""
        return cls(part.table, part.rows[: max(1, _heads(part.table))], part.rows[1:][-_SAMPLE:] or part.rows)


class TableJoins:
    """Collects how pages' first tables begin, then makes one table of parts that follow each other."""

    def __init__(self) -> None:
        self._titled: set[tuple[int, int, int]] = set()

    def add(self, page: PageParts) -> None:
        """Remember which tables of one page begin with a bold row over others that are not bold."""
        structures = {structure.region: structure for structure in page.tables.tables}
        for region in page.layout.clusters:
            structure = structures.get(region.id)
            if structure is None or structure.num_rows < 2:
                continue
            words = [word for word in page.content.words if lies_in(word.box, region.box, 0.5)]
            bold = [font.bold for font in page.content.fonts]
            first, second = (_all_bold(structure, row, words, bold) for row in (0, 1))
            if first and not second:
                self._titled.add((page.content.number, round(region.box.l), round(region.box.t)))

    def join(self, document: DoclingDocument) -> None:
        """Append each continuation to the table it continues, in place."""
        pages: dict[int, list[DocItem]] = {}
        for item, _ in document.iterate_items():
            if isinstance(item, DocItem) and item.prov:
                pages.setdefault(item.prov[0].page_no, []).append(item)
        gone: list[NodeItem] = []
        whole: _Whole | None = None  # of the part that the page before ends with
        part: _Part | None = None
        for number in sorted(pages):
            lower = self._first(pages[number], pages.get(number - 1, ()))
            joined: _Part | None = None
            if whole is not None and part is not None and lower is not None and part.page == number - 1:
                joined = self._part(document, lower)
                if joined is not None and _continues(whole, part, joined):
                    _append(whole, joined)
                    gone.append(lower)
                else:
                    joined = None
            end = self._last(document, pages[number], pages.get(number + 1, ()))
            if end is None or end is not lower or joined is None:
                part = self._part(document, end) if end is not None else None
                whole = _Whole.of(part) if part is not None else None
            else:
                part = joined
        if gone:
            document.delete_items(node_items=gone)

    @staticmethod
    def _first(items: Sequence[DocItem], before: Sequence[DocItem]) -> TableItem | None:
        """The table that a page's text begins with."""
        tables = _tables(items)
        if not tables:
            return None
        top = max(tables, key=lambda item: float(item.prov[0].bbox.t))
        over = (item for item in items if item is not top and item.prov[0].bbox.t > top.prov[0].bbox.t + 1)
        return top if all(_passes(item, before, heads=True) for item in over) else None

    @staticmethod
    def _last(
        document: DoclingDocument, items: Sequence[DocItem], after: Sequence[DocItem]
    ) -> TableItem | None:
        """The table that a page's text ends with, if it fills the page."""
        tables = _tables(items)
        if not tables:
            return None
        end = min(tables, key=lambda item: float(item.prov[0].bbox.b))
        box = end.prov[0].bbox
        height = document.pages[end.prov[0].page_no].size.height
        if box.b > (1 - _LOWEST) * height:
            return None
        under = (item for item in items if item is not end and item.prov[0].bbox.b < box.b - 1)
        return end if all(_passes(item, after, heads=False) for item in under) else None

    def _part(self, document: DoclingDocument, table: TableItem) -> _Part | None:
        data, prov = table.data, table.prov[0]
        if data.num_rows < 1 or data.num_cols < 2:
            return None
        spans: dict[int, _Span] = {}
        for cell in data.table_cells:
            if cell.col_span == 1 and cell.bbox is not None and cell.text:
                left, right = spans.get(cell.start_col_offset_idx, (cell.bbox.l, cell.bbox.r))
                spans[cell.start_col_offset_idx] = min(left, cell.bbox.l), max(right, cell.bbox.r)
        box = prov.bbox.to_top_left_origin(document.pages[prov.page_no].size.height)
        titled = (prov.page_no, round(box.l), round(box.t)) in self._titled
        return _Part(table, spans, _texts(table), titled)


def _tables(items: Sequence[DocItem]) -> list[TableItem]:
    return [
        item
        for item in items
        if isinstance(item, TableItem) and item.label == DocItemLabel.TABLE and len(item.prov) == 1
    ]


def _passes(item: DocItem, others: Sequence[DocItem], *, heads: bool) -> bool:
    """True for what may stand between a page's edge and a table: numbers, repeated lines, notes."""
    text = getattr(item, "text", None)
    if not isinstance(text, str) or len(text) > 160:
        return False
    if item.label == DocItemLabel.FOOTNOTE and not heads:
        return True
    if is_page_number(text) or (heads and _CONTINUED.search(text) is not None):
        return True
    key, box = _DIGITS.sub("#", text.casefold()), item.prov[0].bbox
    return any(
        abs(other.prov[0].bbox.t - box.t) < 3
        and _DIGITS.sub("#", getattr(other, "text", "").casefold()) == key
        for other in others
    )


def _all_bold(structure: TableStructure, row: int, words: Sequence[Word], bold: Sequence[bool]) -> bool:
    boxes = [
        cell.box.padded(0.5)
        for cell in structure.cells
        if cell.row == row and cell.box is not None and cell.text
    ]
    fonts = [word.font for word in words for box in boxes if lies_in(word.box, box, 0.6)]
    return bool(fonts) and all(0 <= font < len(bold) and bold[font] for font in fonts)


def _texts(table: TableItem) -> list[dict[int, str]]:
    rows: list[dict[int, str]] = [{} for _ in range(table.data.num_rows)]
    for cell in table.data.table_cells:
        if cell.text and cell.col_span == 1:
            rows[cell.start_row_offset_idx][cell.start_col_offset_idx] = cell.text
    return rows


def _heads(table: TableItem) -> int:
    """How many rows at the top are column heads."""
    ends = [cell.end_row_offset_idx for cell in table.data.table_cells if cell.column_header]
    return max(ends, default=0)


def _continues(whole: _Whole, upper: _Part, lower: _Part) -> bool:
    """True when the lower part has the upper one's columns, and no heads of its own but the same ones."""
    if upper.table.data.num_cols != lower.table.data.num_cols or not _same_columns(upper, lower):
        return False
    if _repeated(whole.heads, lower.rows):
        return True
    return not lower.titled and _same_kinds(whole.end, lower.rows)


def _same_columns(upper: _Part, lower: _Part) -> bool:
    """True when the columns stand under each other, be it moved as a whole as on facing pages."""
    shared = upper.spans.keys() & lower.spans.keys()
    if len(shared) < 2 or len(shared) < 0.6 * max(len(upper.spans), len(lower.spans)):
        return False
    one, two = (part.table.prov[0].bbox for part in (upper, lower))
    shift = one.l - two.l
    if abs(shift) > _EDGE and abs((one.r - one.l) - (two.r - two.l)) > _EDGE / 2:
        return False
    shift = shift if abs(shift) > _EDGE else 0.0
    matched = 0
    for column in shared:
        left, right = upper.spans[column]
        begin, end = lower.spans[column][0] + shift, lower.spans[column][1] + shift
        over = min(right, end) - max(left, begin)
        edges = (abs(left - begin), abs(right - end), abs(left + right - begin - end) / 2)
        matched += min(edges) < _EDGE and over > 0.3 * min(right - left, end - begin)
    return matched == len(shared)


def _repeated(heads: Sequence[dict[int, str]], lower: Sequence[dict[int, str]]) -> bool:
    return bool(heads and lower) and len(heads[0]) > 1 and _key(heads[0]) == _key(lower[0])


def _key(row: dict[int, str]) -> dict[int, str]:
    return {column: "".join(text.casefold().split()) for column, text in row.items()}


def _same_kinds(upper: Sequence[dict[int, str]], lower: Sequence[dict[int, str]]) -> bool:
    """True when columns of figures go on with figures, from the first row on, and words with words."""
    first, sample = lower[0], lower[:_SAMPLE]
    for column in {column for row in upper for column in row}:
        above, below = _figures(upper, column), _figures(sample, column)
        if above is None or below is None:
            continue
        if (above >= _FIGURES and below < 0.5) or (above <= 1 - _FIGURES and below >= _FIGURES):
            return False
        if above >= _FIGURES and column in first and _NUMBER.fullmatch(first[column].strip()) is None:
            return False
    return True


def _figures(rows: Sequence[dict[int, str]], column: int) -> float | None:
    """The share of figures among a column's texts; None without any."""
    texts = [row[column].strip() for row in rows if column in row]
    if not texts:
        return None
    return sum(_NUMBER.fullmatch(text) is not None for text in texts) / len(texts)


def _append(whole: _Whole, lower: _Part) -> None:
    """The lower part's rows under those of the table; heads that are repeated go.

    A cell's box says nothing without its page, and a table has one page for its cells: these go too.
    """
    data, skip = whole.table.data, 0
    for head, row in zip(whole.heads, lower.rows[:-1], strict=False):
        if not head or _key(head) != _key(row):
            break
        skip += 1
    offset = data.num_rows - skip
    for cell in lower.table.data.table_cells:
        if cell.start_row_offset_idx >= skip:
            moved = {
                "start_row_offset_idx": cell.start_row_offset_idx + offset,
                "end_row_offset_idx": cell.end_row_offset_idx + offset,
                "column_header": False,
                "bbox": None,
            }
            data.table_cells.append(cell.model_copy(update=moved))
    data.num_rows += lower.table.data.num_rows - skip
    whole.table.prov += lower.table.prov
    whole.end = [*whole.end, *lower.rows[skip:]][-_SAMPLE:]
