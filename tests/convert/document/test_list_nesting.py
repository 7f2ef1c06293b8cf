"""Lists nested by indentation."""

from __future__ import annotations

import warnings

import pytest
from docling_core.types.doc import BoundingBox, CoordOrigin, DoclingDocument, ProvenanceItem, Size
from docling_core.types.doc.document import ListGroup, ListItem, NodeItem

from docmill.pipeline.convert.document.list_nesting import nest_lists


def document(items: list[tuple[str, float, float, int]], width: float = 200.0) -> DoclingDocument:
    """One flat list; an item is its text, left edge, top edge (from the bottom) and page."""
    made = DoclingDocument(name="lists")
    for page in {page for *_, page in items}:
        made.add_page(page_no=page, size=Size(width=612, height=792))
    group = made.add_list_group()
    for text, left, top, page in items:
        box = BoundingBox(l=left, t=top, r=left + width, b=top - 10, coord_origin=CoordOrigin.BOTTOMLEFT)
        prov = ProvenanceItem(page_no=page, bbox=box, charspan=(0, len(text)))
        made.add_list_item(text, parent=group, prov=prov)
    return made


def down(*lefts: float, page: int = 1) -> list[tuple[str, float, float, int]]:
    """Items one below the other, named a, b, c, ..."""
    return [(chr(ord("a") + n), left, 700.0 - 20 * n, page) for n, left in enumerate(lefts)]


def outline(made: DoclingDocument) -> str:
    """The tree as text: `a(b(c)d)e`."""

    def shown(node: NodeItem) -> str:
        inner = "".join(shown(child.resolve(made)) for child in node.children)
        if isinstance(node, ListItem):
            return node.text + (f"({inner})" if inner else "")
        return inner

    return shown(made.body)


@pytest.mark.parametrize(
    ("lefts", "tree"),
    [
        ((50, 50, 50), "abc"),
        ((50, 70, 70, 50), "a(bc)d"),
        ((50, 70, 90, 70, 50), "a(b(c)d)e"),
        ((50, 70, 90, 50), "a(b(c))d"),
        ((50, 52, 49, 54), "abcd"),  # ragged, not nested
        ((50, 90, 70), "a(bc)"),  # back, but not to the first level
        ((70, 50, 70), "ab(c)"),
        ((50,), "a"),
        (tuple(50 + 10 * n for n in range(12)), "a(b(c(d(e(f(g(h" + "ijkl" + ")))))))"),
    ],
)
def test_indented_items_lie_under_the_item_before(lefts: tuple[float, ...], tree: str) -> None:
    made = document(down(*lefts))
    nest_lists(made)
    assert outline(made) == tree


def test_every_item_stays_and_the_document_is_valid() -> None:
    made = document(down(50, 70, 90, 90, 70, 50, 70))
    nest_lists(made)
    again = DoclingDocument.model_validate_json(made.model_dump_json())
    assert [item.text for item, _ in again.iterate_items() if isinstance(item, ListItem)] == list("abcdefg")
    for item, _ in again.iterate_items(with_groups=True):
        for child in item.children:
            parent = child.resolve(again).parent
            assert parent is not None
            assert parent.cref == item.self_ref
    assert all(isinstance(group, ListGroup) for group in again.groups)


def test_markdown_shows_the_levels() -> None:
    made = document(down(50, 70, 50))
    nest_lists(made)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert made.export_to_markdown() == "- a\n    - b\n- c"


def test_a_new_page_starts_at_the_first_level() -> None:
    made = document([("a", 50, 100, 1), ("b", 90, 700, 2), ("c", 110, 680, 2)])
    nest_lists(made)
    assert outline(made) == "ab(c)"


def test_a_new_column_starts_at_the_first_level() -> None:
    made = document([("a", 50, 100, 1), ("b", 320, 700, 1), ("c", 340, 680, 1)])
    nest_lists(made)
    assert outline(made) == "ab(c)"


def test_right_to_left_items_are_indented_from_the_right() -> None:
    right = {"א": (540, 300), "ב": (520, 420), "ג": (520, 200), "ד": (540, 400)}
    items = [(text, float(r - w), 700.0 - 20 * n, 1) for n, (text, (r, w)) in enumerate(right.items())]
    made = document(items)
    for item, (r, _) in zip(made.texts, right.values(), strict=True):
        item.prov[0].bbox.r = r
    nest_lists(made)
    assert outline(made) == "א(בג)ד"


def test_items_without_a_place_are_left_alone() -> None:
    made = DoclingDocument(name="lists")
    group = made.add_list_group()
    for text in "ab":
        made.add_list_item(text, parent=group)
    nest_lists(made)
    assert outline(made) == "ab"


def test_no_lists() -> None:
    made = DoclingDocument(name="lists")
    nest_lists(made)
    assert made.groups == []


def test_items_beside_each_other_are_not_nested() -> None:
    rows = [("a", 50.0, 700.0, 1), ("b", 300.0, 700.0, 1), ("c", 50.0, 680.0, 1), ("d", 300.0, 680.0, 1)]
    made = document(rows, width=100)
    nest_lists(made)
    assert outline(made) == "abcd"
