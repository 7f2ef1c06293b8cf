"""The figures beside what rapidfuzz, apted and docling-metrics say of the same."""

from __future__ import annotations

import pytest
from apted import APTED, Config
from docling_metrics_table import TableMetric, TableMetricHTMLInputSample
from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from benchmarks.quality.markdown_metrics import (
    heading_counts,
    heading_similarity,
    table_similarity,
    text_similarity,
)

TRUTH = """# Title

Some words of the abstract.

# One

First *text* of a section.

| Name | Mass |
|---|---|
| Sun | 1.99 |
| Moon | 0.07 |

# Two

Second text.
"""
#: A heading is text, a word is wrong, a cell is wrong, a row is missing.
OUTPUT = """# Title

Some words of the abstract.

One

First text of a sektion.

| Name | Mass |
|---|---|
| Sun | 1.98 |

# Two

Second text.
"""


class Node:
    def __init__(self, name: str, text: str = "", *children: Node) -> None:
        self.name, self.text, self.children = name, text, children


class Costs(Config):  # type: ignore[misc]  # apted has no annotations
    def rename(self, node1: Node, node2: Node) -> float:
        if node1.name != node2.name:
            return 1.0
        longer = max(len(node1.text), len(node2.text))
        return Levenshtein.distance(node1.text, node2.text) / longer if longer else 0.0


def heading(text: str, under: str) -> Node:
    return Node("heading", text, Node("content", under))


def test_nid_is_rapidfuzz_ratio_of_the_plain_texts() -> None:
    assert text_similarity(TRUTH, TRUTH) == 1.0
    one, other = "A line of text. Another one.", "A line of test. Another"
    assert text_similarity(f"A *line* of\ntext.\n\n{one[16:]}", other) == fuzz.ratio(one, other) / 100
    assert text_similarity(TRUTH, "") == 0.0


def test_mhs_is_the_tree_edit_distance_of_apted() -> None:
    table = "<table><tr><th>Name</th><th>Mass</th></tr><tr><td>Sun</td><td>1.9{}</td></tr>{}</table>"
    moon = "<tr><td>Moon</td><td>0.07</td></tr>"
    truth = Node(
        "document",
        "",
        heading("Title", "Some words of the abstract."),
        heading("One", "First *text* of a section. " + table.format(9, moon)),
        heading("Two", "Second text."),
    )
    output = Node(
        "document",
        "",
        heading("Title", "Some words of the abstract. One First text of a sektion. " + table.format(8, "")),
        heading("Two", "Second text."),
    )
    expected = 1 - APTED(truth, output, Costs()).compute_edit_distance() / 7
    assert heading_similarity(TRUTH, OUTPUT) == pytest.approx(expected)
    assert heading_similarity(TRUTH, TRUTH) == 1.0


@pytest.mark.parametrize(
    "output",
    [
        "<table><tr><td>Name</td><td>Mass</td></tr><tr><td>Sun</td><td>1.99</td></tr></table>",
        "<table><tr><td>Name</td><td></td></tr><tr><td>Moon</td><td>0.07</td></tr></table>",
        "<table><tr><td colspan='2'>Name</td></tr><tr><td>Sun</td><td>1.99</td></tr></table>",
        "<table><tr><td>x</td></tr></table>",
    ],
)
def test_teds_is_of_the_distance_that_docling_metrics_has(output: str) -> None:
    """docling-metrics counts the root, and a text is right or wrong; TEDS' authors do neither."""
    rows = (("Name", "Mass"), ("Sun", "1.99"), ("Moon", "0.07"))
    cells = ("".join(f"<td>{cell}</td>" for cell in row) for row in rows)
    truth = f"<table>{''.join(f'<tr>{row}</tr>' for row in cells)}</table>"
    sample = TableMetricHTMLInputSample(id="x", html_a=truth, html_b=output)
    theirs, ours = TableMetric().evaluate_sample(sample).teds, table_similarity(truth, output)
    assert theirs is not None and ours is not None
    distance = (1 - theirs.teds) * theirs.tree_a_size
    assert (1 - ours) * (theirs.tree_a_size - 1) == pytest.approx(distance)


def test_what_the_truth_lacks_is_not_measured_and_what_the_output_lacks_is_zero() -> None:
    assert table_similarity("No table.", TRUTH) is None
    assert table_similarity(TRUTH, "No table.") == 0.0
    assert heading_similarity("No heading.", TRUTH) is None
    assert heading_similarity(TRUTH, "No heading.") == 0.0


def test_headings_are_counted_whatever_their_level() -> None:
    counts = heading_counts("# One\n\n# Two\n\n# Three", "# One\n\n### Two\n\n# Other")
    assert (counts.hit, counts.missed, counts.false) == (2, 1, 1)
