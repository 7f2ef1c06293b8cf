"""docling's own post-processing of the same pages gives the same regions."""

from __future__ import annotations

import random

import pytest
from docling.datamodel.base_models import Cluster, Page
from docling.datamodel.pipeline_options import LayoutPostprocessorOptions
from docling.utils.layout_postprocessor import LayoutPostprocessor
from docling_core.types.doc import BoundingBox, DocItemLabel, Size
from docling_core.types.doc.page import BoundingRectangle, TextCell

from docmill.pipeline.convert.document.docling_internals.page_assembly import ParsedPage
from docmill.pipeline.convert.document.docling_internals.postprocessor import LightPostprocessor
from docmill.pipeline.convert.document.docling_internals.values import bounding_box, text_cell
from docmill.pipeline.convert.types import Box

LABELS = [*LayoutPostprocessor.CONFIDENCE_THRESHOLDS]


def _box(draw: random.Random) -> Box:
    """Often on the same lines, so that boxes touch, are the same and hold one another."""
    left, top = 20.0 * draw.randrange(25), 10.0 * draw.randrange(70)
    width, height = draw.choice((0.0, 15.0, 100.0, 250.0, 500.0)), draw.choice((0.0, 10.0, 40.0, 300.0))
    shift = draw.choice((0.0, 0.0, 3.7))
    return Box(left + shift, top, left + shift + width, top + height)


def _page(cells: list[TextCell]) -> Page:
    page = Page(page_no=1, size=Size(width=612, height=792))
    page.parsed_page = ParsedPage(cells)
    return page


def _theirs(box: Box) -> BoundingBox:
    return BoundingBox(l=box.l, t=box.t, r=box.r, b=box.b)


def _clusters(regions: list[tuple[DocItemLabel, float, Box]]) -> list[Cluster]:
    return [
        Cluster(id=number, label=label, bbox=_theirs(box), confidence=score)
        for number, (label, score, box) in enumerate(regions)
    ]


@pytest.mark.parametrize("regions", [0, 3, 15, 60, 130])
@pytest.mark.parametrize("seed", range(12))
def test_regions_are_those_of_docling(regions: int, seed: int) -> None:
    draw = random.Random(f"{regions}:{seed}")
    lines = [(draw.choice(("some text", "x", " ", "")), _box(draw)) for _ in range(80)]
    found = [(draw.choice(LABELS), draw.choice((0.3, 0.6, 0.62, 0.95)), _box(draw)) for _ in range(regions)]
    theirs = _page(
        [
            TextCell(
                index=number,
                rect=BoundingRectangle.from_bounding_box(_theirs(box)),
                text=text,
                orig=text,
                from_ocr=False,
            )
            for number, (text, box) in enumerate(lines)
        ]
    )
    ours = _page(
        [text_cell(number, box, text, ocr=False, confidence=1.0) for number, (text, box) in enumerate(lines)]
    )
    options = LayoutPostprocessorOptions()
    expected = LayoutPostprocessor(theirs, _clusters(found), options).postprocess()
    clusters = _clusters(found)
    made = LightPostprocessor(ours, clusters, options).postprocess()
    assert [each.model_dump_json() for each in made] == [each.model_dump_json() for each in expected]
    assert ours.parsed_page.has_lines == theirs.parsed_page.has_lines


def test_it_has_all_that_docling_s_has() -> None:
    options = LayoutPostprocessorOptions()
    cluster = Cluster(id=0, label=DocItemLabel.TEXT, bbox=bounding_box(Box(0, 0, 9, 9)))
    ours, theirs = (kind(_page([]), [cluster], options) for kind in (LightPostprocessor, LayoutPostprocessor))
    assert vars(ours).keys() == vars(theirs).keys()
