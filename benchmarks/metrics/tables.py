"""Tables: are the cells' texts there (cell F1), and are they in the right grid (TEDS)?

- cells: F1 of the multisets of all non-empty cell texts (NFKC, white space collapsed) of all tables and
  document indexes; a spanning cell counts once, and which table or place it is in does not matter.
- TEDS and TEDS-structure (see `teds`): tables are paired by place, the biggest intersection over union
  first, where it is at least 0.1. The score is the mean over the truth's tables, and a truth table without a
  partner scores 0. Predicted tables without a partner do not enter it; they are counted as `extra`.
"""

from __future__ import annotations

import msgspec
from docling_core.types.doc import DoclingDocument, TableItem

from benchmarks.metrics.counts import Counts, bag_counts
from benchmarks.metrics.items import normalised, placed_items
from benchmarks.metrics.matching import Edge, match_best_first
from benchmarks.metrics.teds import table_tree, teds
from docmill.pipeline.convert.types import Box

__all__ = ["TableScore", "TableScores", "compare_cells", "compare_tables"]

_LEAST_IOU = 0.1


class TableScore(msgspec.Struct, frozen=True):
    """How well one table of the truth was found; all zeros when it was not."""

    ref: str
    page: int | None
    rows: int
    columns: int
    iou: float = 0.0
    teds: float = 0.0
    teds_structure: float = 0.0
    exact: bool = True  # False: the similarities are lower bounds


class TableScores(msgspec.Struct, frozen=True):
    """Every table of the truth; and how many predicted ones are none of them."""

    tables: list[TableScore]
    extra: int


def compare_cells(truth: DoclingDocument, predicted: DoclingDocument) -> Counts:
    """Compare the bags of cell texts."""
    return bag_counts(_cell_texts(truth), _cell_texts(predicted))


def compare_tables(truth: DoclingDocument, predicted: DoclingDocument) -> TableScores:
    """Score each table of the truth."""
    places, other_places = _places(truth), _places(predicted)
    edges: list[Edge] = []
    for row, table in enumerate(truth.tables):
        for column, other in enumerate(predicted.tables):
            overlap = _iou(places.get(table.self_ref, []), other_places.get(other.self_ref, []))
            if overlap >= _LEAST_IOU:
                edges.append((row, column, overlap))
    overlaps = {(row, column): overlap for row, column, overlap in edges}
    partner_of = match_best_first(edges)
    scores = []
    for row, table in enumerate(truth.tables):
        if row in partner_of:
            partner = predicted.tables[partner_of[row]]
            scores.append(_score(table, partner, overlaps[row, partner_of[row]]))
        else:
            scores.append(_score(table, None, 0.0))
    return TableScores(scores, len(predicted.tables) - len(partner_of))


def _score(table: TableItem, partner: TableItem | None, overlap: float) -> TableScore:
    page = table.prov[0].page_no if table.prov else None
    found = TableScore(table.self_ref, page, table.data.num_rows, table.data.num_cols)
    if partner is None:
        return found
    whole, structure = (
        teds(table_tree(table.data, with_text=texts), table_tree(partner.data, with_text=texts))
        for texts in (True, False)
    )
    return msgspec.structs.replace(
        found,
        iou=overlap,
        teds=whole.value,
        teds_structure=structure.value,
        exact=whole.exact and structure.exact,
    )


def _cell_texts(document: DoclingDocument) -> list[str]:
    texts = (normalised(cell.text) for table in document.tables for cell in table.data.table_cells)
    return [text for text in texts if text]


def _places(document: DoclingDocument) -> dict[str, list[tuple[int, Box]]]:
    """Page and box of each provenance, by item reference."""
    places: dict[str, list[tuple[int, Box]]] = {}
    for item in placed_items(document):
        places.setdefault(item.ref, []).append((item.page, item.box))
    return places


def _iou(first: list[tuple[int, Box]], second: list[tuple[int, Box]]) -> float:
    """Intersection over union of two tables that may each have boxes on several pages."""
    shared = sum(box.intersection(other) for page, box in first for number, other in second if page == number)
    union = sum(box.area for _, box in [*first, *second]) - shared
    return shared / union if union > 0 else 0.0
