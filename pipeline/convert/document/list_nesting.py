"""List nesting: docling's reading order makes flat lists; indentation tells which items lie under which."""

from __future__ import annotations

import unicodedata

from docling_core.types.doc import DoclingDocument, GroupLabel
from docling_core.types.doc.document import GroupItem, ListGroup, ListItem

__all__ = ["nest_lists"]

#: An item starts a level when it is indented by this many points more than the one before it.
_INDENT = 6.0
_MAX_DEPTH = 8


def nest_lists(document: DoclingDocument) -> None:
    """Move indented list items into a list of their own under the item before them, in place.

    Only items of one page and column are compared: an item further left than its list, or above the item
    before it (a new column), starts again at the first level.
    """
    for group in [group for group in document.groups if isinstance(group, ListGroup)]:
        items = [child.resolve(document) for child in group.children]
        if len(items) > 1 and all(isinstance(item, ListItem) and item.prov for item in items):
            _nest(document, group, [item for item in items if isinstance(item, ListItem)])


def _nest(document: DoclingDocument, group: GroupItem, items: list[ListItem]) -> None:
    path: list[tuple[float, GroupItem, ListItem]] = []  # indent, list and last item of each open level
    for item in items:
        left, page, top = _indent(item), item.prov[0].page_no, item.prov[0].bbox.t
        if path:
            last = path[-1][2].prov[0]
            # bottom-left origin: t grows upwards; what stands beside the item is in another column
            if last.page_no != page or top > last.bbox.t or top > (last.bbox.t + last.bbox.b) / 2:
                path = []
        while path and left < path[-1][0] - _INDENT / 2:
            path.pop()
        if not path:
            path = [(left, group, item)]
            continue
        indent, owner, previous = path[-1]
        if left > indent + _INDENT and len(path) < _MAX_DEPTH:
            owner = document.add_group(label=GroupLabel.LIST, name="list", parent=previous)
            path.append((left, owner, item))
        else:
            path[-1] = (indent, owner, item)
        if owner is not group:
            group.children.remove(item.get_ref())
            item.parent = owner.get_ref()
            owner.children.append(item.get_ref())


def _indent(item: ListItem) -> float:
    """How far the item is indented from its side of the page; right-to-left text from the right."""
    box = item.prov[0].bbox
    strong = next((d for d in map(unicodedata.bidirectional, item.text) if d in ("L", "R", "AL")), "L")
    return box.l if strong == "L" else -box.r
