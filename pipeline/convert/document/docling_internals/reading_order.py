"""docling's reading order, with lists where a page has too few elements for an R-tree to pay."""

from __future__ import annotations

from typing import Any

from docling.models.postprocessing.reading_order_rb import (
    PageElement,
    ReadingOrderPredictor,
    SeparatorElement,
    _is_graphic,
)
from docling.models.stages.reading_order.readingorder_model import ReadingOrderModel
from docling_core.types.doc import CoordOrigin, RefItem

from docmill.pipeline.convert.document.docling_internals.values import made

__all__ = ["LightReadingOrder", "LightReadingOrderPredictor"]

#: Looking at so many elements one after another costs less than an R-tree of them. So many are in one leaf of
#: it, so both give them in the order of the page.
_FEW = 100
_EPSILON = 1.0e-3


class _Element(PageElement):  # type: ignore[misc]  # docling has no types to offer
    """An element of a page from the bottom left, whose copies share what nobody changes."""

    def to_bottom_left_origin(self, page_height: float) -> _Element:
        return self

    def model_copy(self, *, update: dict[str, Any] | None = None, deep: bool = False) -> _Element:
        return made(_Element, self.__dict__ | (update or {}))

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> _Element:
        return made(_Element, dict(self.__dict__))


class LightReadingOrder(ReadingOrderModel):  # type: ignore[misc]  # docling has no types to offer
    """`ReadingOrderModel`, with elements that are copied cheaply."""

    def _assembled_to_readingorder_elements(self, conv_res: Any) -> list[PageElement]:
        sizes = {page.page_no: page.size for page in conv_res.pages}
        elements: list[PageElement] = []
        for element in conv_res.assembled.elements:
            size, box = sizes[element.page_no], element.cluster.bbox
            values = {
                "l": box.l,
                "t": size.height - box.t,
                "r": box.r,
                "b": size.height - box.b,
                "coord_origin": CoordOrigin.BOTTOMLEFT,
                "eps": _EPSILON,
                "cid": len(elements),
                "ref": made(RefItem, {"cref": self._element_ref(element)}),
                "text": element.text or "",
                "page_no": element.page_no,
                "page_size": size,
                "label": element.label,
            }
            elements.append(made(_Element, values))
        return elements


class LightReadingOrderPredictor(ReadingOrderPredictor):  # type: ignore[misc]  # docling has no types to offer
    """`ReadingOrderPredictor` for pages of few elements, without separators; of more it is docling's own."""

    def _init_l2r_map(
        self,
        page_elems: list[PageElement],
        state: Any,
        *,
        vertical_separators: list[SeparatorElement] | None,
    ) -> None:
        state.l2r_map, state.r2l_map = {}, {}
        following = {element.cid: index for index, element in enumerate(page_elems)}
        for i, left in enumerate(page_elems):
            j = following.get(left.cid + 1)
            if j is None:
                continue
            right = page_elems[j]
            if (
                left.is_strictly_left_of(right)
                and left.overlaps_vertically_with_iou(right, self._VERTICAL_OVERLAP_IOU_THRESHOLD)
                and not self._has_page_element_between(page_elems, left_index=i, right_index=j)
            ):
                state.l2r_map[i] = j
                state.r2l_map[j] = i

    def _init_ud_maps(self, page_elems: list[PageElement], state: Any) -> None:
        if len(page_elems) > _FEW:
            super()._init_ud_maps(page_elems, state)
            return
        state.up_map = {i: [] for i in range(len(page_elems))}
        state.dn_map = {i: [] for i in range(len(page_elems))}
        sides = [(element.l, element.b, element.r, element.t) for element in page_elems]
        padding = self._RTREE_QUERY_PADDING
        for j, (left, _, right, top) in enumerate(sides):
            if j in state.r2l_map:
                partner = state.r2l_map[j]
                if j not in state.dn_map[partner]:
                    state.dn_map[partner].append(j)
                if partner not in state.up_map[j]:
                    state.up_map[j].append(partner)
            for i, (x0, y0, x1, y1) in enumerate(sides):
                if (
                    i == j
                    or x0 > right + padding
                    or x1 < left - padding
                    or y1 < top
                    or y0 + _EPSILON <= top
                    or x1 <= left
                    or right <= x0
                    or self._is_interrupted(sides, i, j)
                ):
                    continue
                above = i
                while above in state.l2r_map:
                    above = state.l2r_map[above]
                state.dn_map[above].append(j)
                state.up_map[j].append(above)
        self._link_touching(page_elems, state)

    def _is_interrupted(self, sides: list[tuple[float, float, float, float]], i: int, j: int) -> bool:
        """Whether something stands between an element and one above it."""
        left, bottom, right, _ = sides[i]
        begin, _, end, top = sides[j]
        low, high = min(top, bottom), max(top, bottom)
        for w, (x0, y0, x1, y1) in enumerate(sides):
            if (
                y0 <= high
                and y1 >= low
                and bottom + _EPSILON > y1
                and y0 + _EPSILON > top
                and (not (right <= x0 or x1 <= left) or not (end <= x0 or x1 <= begin))
                and w not in (i, j)
            ):
                return True
        return False

    def _link_touching(self, page_elems: list[PageElement], state: Any) -> None:
        """Link what follows in a column and reaches into what it follows by a hair."""
        following = {element.cid: index for index, element in enumerate(page_elems)}
        for i, upper in enumerate(page_elems):
            j = following.get(upper.cid + 1)
            if j is None or _is_graphic(upper) or _is_graphic(page_elems[j]):
                continue
            lower, size = page_elems[j], upper.page_size
            if (
                abs(upper.l - lower.l) < size.width * self._LEFT_EDGE_ALIGNMENT_THRESHOLD_NORM
                and upper.b < lower.t <= upper.b + size.height * self._NEAR_VERTICAL_OVERLAP_THRESHOLD_NORM
                and upper.t > lower.t
                and upper.b > lower.b
                and j not in state.dn_map[i]
            ):
                state.dn_map[i].append(j)
                state.up_map[j].append(i)
