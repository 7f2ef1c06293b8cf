"""A table region to its grid of cells: choose between what rulings, words and the model say."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from docmill.pipeline.convert.tables.geometry.evidence import fit
from docmill.pipeline.convert.tables.geometry.headers import header_rows, marked
from docmill.pipeline.convert.tables.geometry.index_entries import index_skeleton, is_index
from docmill.pipeline.convert.tables.geometry.rulings import lattice, lines_in
from docmill.pipeline.convert.tables.geometry.textlines import em_of, hull, text_of
from docmill.pipeline.convert.tables.geometry.whitespace import whitespace_skeleton
from docmill.pipeline.convert.tables.otsl import otsl_tags
from docmill.pipeline.convert.tables.slanet.skeleton import Skeleton, Slot
from docmill.pipeline.convert.tables.slanet.skeleton_fusion import with_headings, with_rows
from docmill.pipeline.convert.tables.slanet.slanet import Crop, Run, recognise
from docmill.pipeline.convert.tables.words_to_cells import match_words
from docmill.pipeline.convert.types import Cluster, PageContent, TableCell, TableStructure, Word

__all__ = ["OpenTables", "TableInput", "table_structure", "table_structures", "words_in"]

#: More words than this are no table; they become one cell rather than hours of geometry.
_MOST_WORDS = 20_000
#: Rulings that fit the words at least this well need no second opinion.
_CERTAIN = 0.97
#: What a method's fit is raised by: rulings are drawn by intent, and the model sees only pixels.
_TRUST = {"rulings": 0.03, "fused": 0.025, "whitespace": 0.02, "slanet": -0.03}
#: How far a drawn grid whose rows and columns the model sees too may score below the best grid by geometry.
#: Rules that part only some rows or columns miss it by 0.65 to 0.91, whole grids by up to 0.40.
_SECONDED = 0.5


class TableInput(msgspec.Struct, frozen=True):
    """A table region, and how to get its picture when geometry is not enough."""

    region: Cluster
    crop: Callable[[], Crop]


def table_structure(
    table: TableInput, page: PageContent, words: Sequence[Word], run: Run | None = None
) -> TableStructure:
    """The structure of one table; see `table_structures`."""
    return table_structures([table], page, words, run)[0]


def table_structures(
    tables: Sequence[TableInput], page: PageContent, words: Sequence[Word], run: Run | None = None
) -> list[TableStructure]:
    """The structures of a page's tables, in order; the model runs once, on those that need it.

    `words` are the page's words, of the text layer and of OCR. Each word of a region ends in exactly one
    cell. Without `run` geometry decides alone. Any input gives a valid structure, if need be an empty one.
    """
    opened = OpenTables(tables, page, words)
    return opened.finished(recognise(opened.crops(), run) if run is not None else ())


class OpenTables:
    """A page's tables as far as geometry gets with them; the model is yet to see some.

    Tables of several pages can so be put together into one request.
    """

    def __init__(self, tables: Sequence[TableInput], page: PageContent, words: Sequence[Word]) -> None:
        self._tables = tables
        self._page = page
        self._inside = [words_in(table.region, words) for table in tables]
        self._candidates = [
            _geometry(table.region, page, own) for table, own in zip(tables, self._inside, strict=True)
        ]
        self._unsure = [
            index
            for index, (found, own) in enumerate(zip(self._candidates, self._inside, strict=True))
            if own and not _is_certain(found, own)
        ]

    def crops(self) -> list[Crop]:
        """Pictures of the tables that the model should see."""
        return [self._tables[index].crop() for index in self._unsure]

    def finished(self, seen: Sequence[Skeleton] = ()) -> list[TableStructure]:
        """All tables in order, given what the model saw in each of `crops`; by geometry alone without."""
        candidates = list(self._candidates)
        for index, skeleton in zip(self._unsure, seen, strict=False):
            own = self._inside[index]
            candidates[index] = _with_model(candidates[index], match_words(skeleton, own), own)
        return [
            _finished(table.region, self._page, own, found)
            for table, own, found in zip(self._tables, self._inside, candidates, strict=True)
        ]


def words_in(region: Cluster, words: Sequence[Word]) -> list[Word]:
    """The words that lie mostly within a region."""
    box = region.box.padded(1.0)
    return [word for word in words if word.text.strip() and word.box.inside(box) >= 0.5]


def _geometry(region: Cluster, page: PageContent, words: Sequence[Word]) -> list[Skeleton]:
    """What rulings and gaps say, words matched."""
    em = em_of(words)
    if len(words) > _MOST_WORDS:
        return [
            Skeleton(
                num_rows=1, num_cols=1, slots=[Slot(0, 0, words=tuple(range(len(words))))], method="text"
            )
        ]
    if is_index(region.label, words):
        return [match_words(index_skeleton(words), words)]
    drawn = lines_in(region.box, page.rulings, page.shapes, em)
    grids = [lattice(drawn, words, em), whitespace_skeleton(words, drawn.barriers(), drawn.underlines())]
    return [match_words(grid, words) for grid in grids if grid is not None]


def _with_model(candidates: Sequence[Skeleton], seen: Skeleton, words: Sequence[Word]) -> list[Skeleton]:
    """All candidates, now with the model's.

    A drawn grid in which the model sees the same rows and columns is what it is, unless it cuts the words
    far worse than another grid does; word geometry takes the model's rows and headings where they fit.
    """
    shape = (seen.num_rows, seen.num_cols)
    for grid in candidates:
        if grid.method == "rulings" and (grid.num_rows, grid.num_cols) == shape:
            best = max(_trusted(fit(other, words), other) for other in candidates)
            if _trusted(fit(grid, words), grid) >= best - _SECONDED:
                return [grid]
    found = [seen]
    for grid in candidates:
        if grid.method == "whitespace":
            body = with_rows(grid, seen, words)
            found += [body, with_headings(body, seen, words) or body]
        else:
            found.append(grid)
    return found


def _trusted(fits: float, grid: Skeleton) -> float:
    """What grids are compared by: how well one fits its words, and how far its method is to be trusted."""
    return fits + _TRUST.get(grid.method, 0.0)


def _is_certain(candidates: Sequence[Skeleton], words: Sequence[Word]) -> bool:
    """Whether the model could not change the outcome: a drawn grid, or plain rows under plain headings."""
    first = candidates[0]
    fits = fit(first, words)
    if first.method == "whitespace":
        heads = [slot for slot in first.slots if slot.row == 0 and slot.words]
        plain = all(slot.row_span == slot.col_span == 1 for slot in first.slots)
        full = all(slot.words for slot in first.slots if slot.col == 0 and slot.row > 0)
        return fits >= _CERTAIN and plain and full and len(heads) >= first.num_cols - 1
    return first.method in ("index", "text") or fits >= _CERTAIN


def _finished(
    region: Cluster, page: PageContent, words: Sequence[Word], candidates: Sequence[Skeleton]
) -> TableStructure:
    """The best candidate as cells."""
    scored = [(fit(grid, words), grid) for grid in candidates if grid.slots or not words]
    score, grid = max(scored, key=lambda pair: _trusted(*pair))
    cells = [_cell(slot, [words[i] for i in slot.words]) for slot in grid.slots]
    if grid.method != "index":
        cells = marked(cells, header_rows(cells, grid.num_rows, _bold_rows(grid, page, words)))
    return TableStructure(
        region=region.id,
        num_rows=grid.num_rows,
        num_cols=grid.num_cols,
        cells=cells,
        otsl=otsl_tags(cells, grid.num_rows, grid.num_cols),
        score=round(score, 4),
        method=grid.method,
    )


def _cell(slot: Slot, words: Sequence[Word]) -> TableCell:
    """A cell with its text; its box is the one around its words, as docling's."""
    return TableCell(
        row=slot.row,
        col=slot.col,
        row_span=slot.row_span,
        col_span=slot.col_span,
        text=text_of(words).strip(),
        box=hull(words) if words else slot.box,
    )


def _bold_rows(grid: Skeleton, page: PageContent, words: Sequence[Word]) -> list[bool]:
    """For each row whether it has text and all of it is bold."""
    rows: list[list[bool]] = [[] for _ in range(grid.num_rows)]
    for slot in grid.slots:
        for index in slot.words:
            font = words[index].font
            rows[slot.row].append(0 <= font < len(page.fonts) and page.fonts[font].bold)
    return [bool(flags) and all(flags) for flags in rows]
