"""docling's page assembly, with the places of a page's links looked up once and not for every region."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from docling.datamodel.base_models import Page
from docling.models.stages.page_assemble.page_assemble_model import PageAssembleModel
from docling_core.types.doc import BoundingBox
from docling_core.types.doc.page import PdfHyperlink, TextCell
from pydantic import AnyUrl, ValidationError

__all__ = ["LightPageAssembly", "ParsedPage"]


@dataclass
class ParsedPage:
    """What docling's stages read of its SegmentedPdfPage."""

    textline_cells: list[TextCell]
    hyperlinks: list[PdfHyperlink] = field(default_factory=list)
    has_lines: bool = True
    #: Where each link leads and lies, from the top left of the page.
    places: list[tuple[str, BoundingBox]] | None = None

    def link_places(self, page_height: float) -> list[tuple[str, BoundingBox]]:
        """`places`, looked up when they are first asked for."""
        if self.places is None:
            self.places = [
                (str(link.uri), link.rect.to_bounding_box().to_top_left_origin(page_height))
                for link in self.hyperlinks
                if link.uri is not None
            ]
        return self.places


class LightPageAssembly(PageAssembleModel):  # type: ignore[misc]  # docling has no types to offer
    """`PageAssembleModel` for pages whose `parsed_page` is a `ParsedPage`."""

    @staticmethod
    def _match_hyperlink(cluster_bbox: BoundingBox, page: Page) -> AnyUrl | Path | None:
        parsed: ParsedPage | None = page.parsed_page
        if parsed is None or not parsed.hyperlinks or page.size is None:
            return None
        places = parsed.link_places(page.size.height)
        left, top, right, bottom = cluster_bbox.l, cluster_bbox.t, cluster_bbox.r, cluster_bbox.b
        if not any(box.l < right and left < box.r and box.t < bottom and top < box.b for _, box in places):
            return None
        coverage: dict[str, float] = {}
        for uri, box in places:
            coverage[uri] = coverage.get(uri, 0.0) + cluster_bbox.intersection_over_self(box)
        best = max(coverage, key=coverage.__getitem__)
        if coverage[best] < PageAssembleModel._HYPERLINK_COVERAGE_THRESHOLD:
            return None
        try:
            return AnyUrl(best)
        except ValidationError:
            return Path(best)
