"""docling's layout post-processing, with lists where a page has too few regions for an R-tree to pay."""

from __future__ import annotations

from docling.datamodel.base_models import Cluster, Page
from docling.datamodel.pipeline_options import BaseLayoutPostprocessorOptions
from docling.datamodel.spatial import ordered_bounds
from docling.utils.layout_postprocessor import LayoutPostprocessor, SpatialClusterIndex
from docling_core.types.doc import BoundingBox, DocItemLabel

from docmill.pipeline.convert.document.docling_internals.values import made_box

__all__ = ["LightPostprocessor"]

#: Looking at so many regions one after another costs less than an R-tree of them.
_FEW = 100
#: They hold at least what they were found to be.
_KEPT = {DocItemLabel.TABLE, DocItemLabel.CHECKBOX_SELECTED, DocItemLabel.CHECKBOX_UNSELECTED}
_Bounds = tuple[float, float, float, float]


class _ClusterList(SpatialClusterIndex):  # type: ignore[misc]  # docling has no types to offer
    """The boxes that regions had in the beginning."""

    def __init__(self, clusters: list[Cluster]) -> None:
        self.clusters_by_id = {cluster.id: cluster for cluster in clusters}
        self._bounds = [(cluster.id, *ordered_bounds(cluster.bbox)) for cluster in clusters]

    def find_candidates(self, bbox: BoundingBox) -> set[int]:
        left, top, right, bottom = ordered_bounds(bbox)
        return {
            number
            for number, x0, y0, x1, y1 in self._bounds
            if not (x0 > right or x1 < left or y0 > bottom or y1 < top)
        }

    def check_overlap(
        self, bbox1: BoundingBox, bbox2: BoundingBox, overlap_threshold: float, containment_threshold: float
    ) -> bool:
        one, two = ordered_bounds(bbox1), ordered_bounds(bbox2)
        shared = _shared(one, two)
        if shared <= 0.0:  # the thresholds are positive
            return False
        first, second = _area(one), _area(two)
        return (
            shared / (first + second - shared + 1e-6) > overlap_threshold
            or shared / first > containment_threshold
            or shared / second > containment_threshold
        )


class LightPostprocessor(LayoutPostprocessor):  # type: ignore[misc]  # docling has no types to offer
    """`LayoutPostprocessor` for pages of few regions; of more it is docling's own."""

    def __init__(self, page: Page, clusters: list[Cluster], options: BaseLayoutPostprocessorOptions) -> None:
        if len(clusters) > _FEW:
            super().__init__(page, clusters, options)
            return
        self.cells = page.cells
        self.page = page
        self.page_size = page.size
        self.all_clusters = clusters
        self.options = options
        self.regular_clusters = [each for each in clusters if each.label not in self.SPECIAL_TYPES]
        special = [each for each in clusters if each.label in self.SPECIAL_TYPES]
        self.special_clusters = special
        self.regular_index = _ClusterList(self.regular_clusters)
        self.picture_index = _ClusterList([each for each in special if each.label == DocItemLabel.PICTURE])
        self.wrapper_index = _ClusterList([each for each in special if each.label in self.WRAPPER_TYPES])

    def _assign_cells_to_clusters(self, clusters: list[Cluster], min_overlap: float = 0.2) -> list[Cluster]:
        if len(clusters) > _FEW:
            assigned: list[Cluster] = super()._assign_cells_to_clusters(clusters, min_overlap)
            return assigned
        bounds = []
        for cluster in clusters:
            cluster.cells = []
            bounds.append((cluster.cells, *ordered_bounds(cluster.bbox)))
        for cell in self.cells:
            if not cell.text.strip():
                continue
            box = cell.rect.to_bounding_box()
            left, top, right, bottom = box.l, box.t, box.r, box.b
            area = box.area()
            if area <= 0:
                continue
            most, best = min_overlap, None
            for cells, x0, y0, x1, y1 in bounds:
                width = min(right, x1) - max(left, x0)
                height = min(bottom, y1) - max(top, y0)
                if width > 0 and height > 0 and width * height / area > most:
                    most, best = width * height / area, cells
            if best is not None:
                best.append(cell)
        for cluster in clusters:
            cluster.cells = self._deduplicate_cells(cluster.cells)
        return clusters

    def _adjust_cluster_bboxes(self, clusters: list[Cluster]) -> list[Cluster]:
        for cluster in clusters:
            if cluster.cells:
                boxes = [cell.rect.to_bounding_box() for cell in cluster.cells]
                if cluster.label in _KEPT:
                    boxes.append(cluster.bbox)
                cluster.bbox = made_box(
                    min(box.l for box in boxes),
                    min(box.t for box in boxes),
                    max(box.r for box in boxes),
                    max(box.b for box in boxes),
                )
        return clusters


def _area(bounds: _Bounds) -> float:
    left, top, right, bottom = bounds
    return (right - left) * (bottom - top)


def _shared(one: _Bounds, two: _Bounds) -> float:
    """The area that two boxes have in common, 0 if none."""
    width = min(one[2], two[2]) - max(one[0], two[0])
    height = min(one[3], two[3]) - max(one[1], two[1])
    return width * height if width > 0 and height > 0 else 0.0
