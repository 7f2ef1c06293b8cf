"""TEDS: tree edit distance similarity of tables (Zhong et al., "Image-based table recognition", 2020).

A table is the HTML tree table > tr > td, one tr per row and one td per cell at its top left place, with its
rowspan, colspan and text (NFKC, white space collapsed); header cells are td as well, and there is no thead.

TEDS = 1 - distance / nodes of the bigger tree (the root not counted, as in the authors' code), where
inserting or deleting a node costs 1; renaming costs 1 when tag, rowspan or colspan differ, else for two td
the Levenshtein distance of their texts over the longer length. TEDS-structure leaves the texts out.

The distance is exact (APTED) while the product of the trees' sizes is at most `EXACT_PAIRS`: 500 nodes each
take some three seconds. Bigger tables are compared by the best edit that only pairs rows with rows and cells
within paired rows: it can only be dearer, so the similarity is a lower bound; such a result says so.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from apted import APTED, Config
from docling_core.types.doc import TableData
from rapidfuzz.distance import Levenshtein

from benchmarks.metrics.items import normalised

__all__ = ["EXACT_PAIRS", "Similarity", "TableNode", "exact_distance", "table_tree", "teds"]

EXACT_PAIRS = 250_000


class TableNode(msgspec.Struct, frozen=True):
    """A node of the HTML tree."""

    tag: str
    rowspan: int = 1
    colspan: int = 1
    text: str = ""
    children: tuple[TableNode, ...] = ()

    @property
    def shape(self) -> tuple[str, int, int]:
        """What must be equal for a rename to cost less than 1."""
        return (self.tag, self.rowspan, self.colspan)

    @property
    def size(self) -> int:
        """Nodes of this tree, itself included."""
        return 1 + sum(child.size for child in self.children)


class Similarity(msgspec.Struct, frozen=True):
    """A TEDS from 0 to 1, and whether it is exact or a lower bound."""

    value: float
    exact: bool


def table_tree(table: TableData, *, with_text: bool) -> TableNode:
    """The HTML tree of a docling table; without texts it is the tree of TEDS-structure."""
    rows = []
    for row, cells in enumerate(table.grid):
        nodes = tuple(
            TableNode("td", cell.row_span, cell.col_span, normalised(cell.text) if with_text else "")
            for column, cell in enumerate(cells)
            if (cell.start_row_offset_idx, cell.start_col_offset_idx) == (row, column)
        )
        rows.append(TableNode("tr", children=nodes))
    return TableNode("table", children=tuple(rows))


def teds(truth: TableNode, predicted: TableNode) -> Similarity:
    """Similarity of two table trees."""
    if truth == predicted:
        return Similarity(1.0, exact=True)
    sizes = truth.size, predicted.size
    exact = sizes[0] * sizes[1] <= EXACT_PAIRS
    distance = exact_distance(truth, predicted) if exact else _row_distance(truth, predicted)
    return Similarity(1.0 - distance / (max(sizes) - 1), exact)


def _rename_cost(first: TableNode, second: TableNode) -> float:
    if first.shape != second.shape:
        return 1.0
    return Levenshtein.normalized_distance(first.text, second.text)


class _Costs(Config):  # type: ignore[misc]  # apted has no annotations
    valuecls = float

    def rename(self, node1: TableNode, node2: TableNode) -> float:
        return _rename_cost(node1, node2)


def exact_distance(truth: TableNode, predicted: TableNode) -> float:
    """Cost of the cheapest edit of one tree into the other."""
    return float(APTED(truth, predicted, _Costs()).compute_edit_distance())


def _row_distance(truth: TableNode, predicted: TableNode) -> float:
    """Cost of the best alignment of rows; rows are compared as sequences of whole cells to find it."""
    rows, others = truth.children, predicted.children
    costs = [float(sum(other.size for other in others[:count])) for count in range(len(others) + 1)]
    for row in rows:
        diagonal, costs[0] = costs[0], costs[0] + row.size
        for place, other in enumerate(others, start=1):
            best = min(
                costs[place] + row.size,
                costs[place - 1] + other.size,
                diagonal + _cells_distance(row.children, other.children),
            )
            diagonal, costs[place] = costs[place], best
    return costs[-1]


def _cells_distance(cells: Sequence[TableNode], others: Sequence[TableNode]) -> float:
    """Cost of the edit of fewest whole cells, with its renamed cells charged by their texts."""
    cost = 0.0
    for edit in Levenshtein.editops(cells, others):
        if edit.tag == "replace":
            cost += _rename_cost(cells[edit.src_pos], others[edit.dest_pos])
        else:
            cost += 1.0
    return cost
