"""Put the items of one document after those of another. Page numbers stay as they are.

docling-core's own `concatenate` counts pages anew, which is wrong for documents that are parts of one.
"""

from __future__ import annotations

from collections.abc import Iterator

from docling_core.types.doc import DoclingDocument, NodeItem, RefItem
from docling_core.types.doc.document import FloatingItem, FormItem, KeyValueItem, RichTableCell, TableItem

__all__ = ["append_document"]

_LISTS = (
    "groups",
    "texts",
    "pictures",
    "tables",
    "key_value_items",
    "form_items",
    "field_regions",
    "field_items",
)


def append_document(document: DoclingDocument, part: DoclingDocument) -> None:
    """Move pages and items of `part` to the end of `document`; `part` is of no use afterwards."""
    offsets = {name: len(getattr(document, name)) for name in _LISTS}
    for name in _LISTS:
        items: list[NodeItem] = getattr(part, name)
        for item in items:
            item.self_ref = _moved(item.self_ref, offsets)
            for reference in _references(item):
                reference.cref = _moved(reference.cref, offsets)
        getattr(document, name).extend(items)
    for child in part.body.children:
        child.cref = _moved(child.cref, offsets)
    document.body.children.extend(part.body.children)
    document.pages |= part.pages


def _moved(reference: str, offsets: dict[str, int]) -> str:
    """`#/texts/3` of the part, as it is called in the whole; `#/body` is the body of both."""
    _, name, *index = reference.split("/")
    return f"#/{name}/{int(index[0]) + offsets[name]}" if index else reference


def _references(item: NodeItem) -> Iterator[RefItem]:
    """Every reference that an item holds, each object once."""
    if item.parent:
        yield item.parent
    yield from item.children
    if isinstance(item, FloatingItem):
        yield from _others(item)
    if isinstance(item, TableItem):
        yield from (cell.ref for cell in item.data.table_cells if isinstance(cell, RichTableCell))
    if isinstance(item, KeyValueItem | FormItem):
        yield from (cell.item_ref for cell in item.graph.cells if cell.item_ref)


def _others(item: FloatingItem) -> Iterator[RefItem]:
    """Captions, references and footnotes; a caption's reference may be the very object among the children."""
    seen = {id(child) for child in item.children}
    for reference in (*item.captions, *item.references, *item.footnotes):
        if id(reference) not in seen:
            seen.add(id(reference))
            yield reference
