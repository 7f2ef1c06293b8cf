"""A table region to its grid of cells: choose between what rulings, words and the model say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, partial

import msgspec

from docmill.pipeline.convert.joining.hyphens import Vocabulary
from docmill.pipeline.convert.joining.lines import join_lines
from docmill.pipeline.convert.tables.geometry.evidence import Evidence
from docmill.pipeline.convert.tables.geometry.headers import header_rows, marked
from docmill.pipeline.convert.tables.geometry.index_entries import index_skeleton, is_index
from docmill.pipeline.convert.tables.geometry.leaders import without_leader
from docmill.pipeline.convert.tables.geometry.rulings import lattice, lines_in
from docmill.pipeline.convert.tables.geometry.textlines import em_of, hull, texts_of
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
#: A grid that fits its words at least this well needs no second opinion; nor does one that both rulings and
#: words give, if it fits them at least so well.
_CERTAIN, _AGREED = 0.95, 0.9
#: The same where no cell holds several lines with numbers: what does not fit are the wide spaces of justified
#: text, which a model makes no other grid of.
_PARTED_CERTAIN, _PARTED_AGREED = 0.85, 0.7
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
        self._evidence = [Evidence.of(own[:_MOST_WORDS]) for own in self._inside]
        self._unsure = [
            index
            for index, (found, evidence) in enumerate(zip(self._candidates, self._evidence, strict=True))
            if self._inside[index] and not _is_certain(found, evidence)
        ]

    def crops(self) -> list[Crop]:
        """Pictures of the tables that the model should see."""
        return [self._tables[index].crop() for index in self._unsure]

    def finished(self, seen: Sequence[Skeleton] = ()) -> list[TableStructure]:
        """All tables in order, given what the model saw in each of `crops`; by geometry alone without."""
        candidates = list(self._candidates)
        vocabulary = cache(partial(_vocabulary, self._page.words))
        for index, skeleton in zip(self._unsure, seen, strict=False):
            own = self._inside[index]
            seen_grid = match_words(skeleton, own)
            candidates[index] = _with_model(candidates[index], seen_grid, own, self._evidence[index])
        return [
            _finished(table.region, self._page, self._inside[index], candidates[index], evidence, vocabulary)
            for index, (table, evidence) in enumerate(zip(self._tables, self._evidence, strict=True))
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
    dividers = drawn.dividers(hull(words)) if words else []
    grid = whitespace_skeleton(words, drawn.barriers(), drawn.underlines(), dividers)
    grids = [lattice(drawn, words, em), grid]
    if grids[0] is not None and _parts_no_rows(grids[0], grid):
        grids = [grid]
    return [match_words(grid, words) for grid in grids if grid is not None]


def _parts_no_rows(drawn: Skeleton, read: Skeleton) -> bool:
    """Whether the drawn grid has no ruling between rows but one below the heading, while words make rows."""
    rows = read.num_rows - drawn.num_rows
    if drawn.num_rows > 2 or read.num_cols < drawn.num_cols or rows < 1:
        return False
    body = [slot for slot in read.slots if slot.row > 0]
    return 3 * sum(bool(slot.words) for slot in body) > 2 * len(body)


def _with_model(
    candidates: Sequence[Skeleton], seen: Skeleton, words: Sequence[Word], evidence: Evidence
) -> list[Skeleton]:
    """All candidates, now with the model's.

    A drawn grid in which the model sees the same rows and columns is what it is, unless it cuts the words
    far worse than another grid does; word geometry takes the model's rows where they fit, and its headings
    where it does not find groups of columns itself.
    """
    shape = (seen.num_rows, seen.num_cols)
    for grid in candidates:
        if grid.method == "rulings" and (grid.num_rows, grid.num_cols) == shape and _is_whole(grid):
            best = max(_trusted(evidence.fit(other), other) for other in candidates)
            if _trusted(evidence.fit(grid), grid) >= best - _SECONDED:
                return [grid]
    found = [seen]
    for grid in candidates:
        if grid.method == "whitespace":
            body = with_rows(grid, seen, words)
            found.append(body)
            if grid.confidence < 1 and (headed := with_headings(body, seen, words)) is not None:
                found.append(headed)
        else:
            found.append(grid)
    return found


def _is_whole(grid: Skeleton) -> bool:
    """Whether most rows of a drawn grid have cells of their own: column rules may end below the heading."""
    undivided = sum(slot.row_span for slot in grid.slots if slot.col_span == grid.num_cols)
    return 2 * undivided <= grid.num_rows


def _trusted(fits: float, grid: Skeleton) -> float:
    """What grids are compared by: how well one fits its words, and how far its method is to be trusted."""
    return fits + _TRUST.get(grid.method, 0.0)


def _is_certain(candidates: Sequence[Skeleton], evidence: Evidence) -> bool:
    """Whether the model could hardly change the outcome: a grid fits its words, and no drawn one is near it.

    A drawn grid that is near would be taken where the model sees its rows and columns too.
    """
    first, last = candidates[0], candidates[-1]
    fits = evidence.fit(first)
    parted = evidence.is_parted(last)
    if first.method != "whitespace":
        if first.method in ("index", "text") or fits >= _CERTAIN:
            return True
        agreed = _PARTED_AGREED if parted else _AGREED
        if fits >= agreed and _words_in_slots(first) == _words_in_slots(last):
            return True
        drawn, fits = _trusted(fits, first), evidence.fit(last)
        if drawn >= _trusted(fits, last) - _SECONDED:
            return False
    certain = _PARTED_CERTAIN if parted and first is last else _CERTAIN
    return fits >= certain and (last.confidence == 1 or not _may_span(last))


def _words_in_slots(grid: Skeleton) -> set[tuple[int, int, int, int, tuple[int, ...]]]:
    """The slots that hold words, without their boxes: rulings and words have others."""
    return {
        (slot.row, slot.col, slot.row_span, slot.col_span, slot.words) for slot in grid.slots if slot.words
    }


def _may_span(grid: Skeleton) -> bool:
    """Whether a heading may span columns that have none: only its picture tells."""
    return any(not slot.words for slot in grid.slots if slot.row == 0 and slot.col > 0)


def _vocabulary(words: Sequence[Word]) -> Vocabulary:
    vocabulary = Vocabulary()
    vocabulary.add(word.text for word in words)
    return vocabulary


def _finished(
    region: Cluster,
    page: PageContent,
    words: Sequence[Word],
    candidates: Sequence[Skeleton],
    evidence: Evidence,
    vocabulary: Callable[[], Vocabulary],
) -> TableStructure:
    """The best candidate as cells."""
    scored = [(evidence.fit(grid), grid) for grid in candidates if grid.slots or not words]
    score, grid = max(scored, key=lambda pair: _trusted(*pair))
    index = grid.method == "index"
    cells = [_cell(slot, [words[i] for i in slot.words], vocabulary, leaders=index) for slot in grid.slots]
    if not index:
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


def _cell(
    slot: Slot, words: Sequence[Word], vocabulary: Callable[[], Vocabulary], *, leaders: bool
) -> TableCell:
    """A cell with its text; its box is the one around its words, as docling's.

    `leaders`: the dots that lead from it to the next one are of its text, as docling has them in indexes.
    """
    lines = texts_of(words)
    text = (join_lines(lines, vocabulary()) if len(lines) > 1 else "".join(lines)).strip()
    return TableCell(
        row=slot.row,
        col=slot.col,
        row_span=slot.row_span,
        col_span=slot.col_span,
        text=text if leaders else without_leader(text),
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
