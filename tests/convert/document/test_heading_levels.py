"""Headings that docling finds by bookmarks keep their numbers."""

from __future__ import annotations

import pytest
from docling_core.types.doc import BoundingBox, DocItemLabel, DoclingDocument, ProvenanceItem, Size
from docling_core.types.doc.document import SectionHeaderItem

from docmill.pipeline.convert.document.heading_levels import set_heading_levels
from docmill.pipeline.convert.types import OutlineEntry


@pytest.mark.parametrize("marker", ["(5)", "2.", "IV."])
def test_a_list_item_that_a_bookmark_makes_a_heading_keeps_its_number(marker: str) -> None:
    document = DoclingDocument(name="made")
    document.add_page(page_no=1, size=Size(width=612, height=792))
    box = BoundingBox(l=72, t=700, r=300, b=688)
    place = ProvenanceItem(page_no=1, bbox=box, charspan=(0, 10))
    document.add_text(DocItemLabel.SECTION_HEADER, "Overview", prov=place)
    group = document.add_list_group()
    document.add_list_item(
        "Names of sections", enumerated=True, marker=marker, orig=f"{marker} Names of sections", parent=group,
        prov=place,
    )  # fmt: skip
    outline = [OutlineEntry("Names of sections", 1, 1), OutlineEntry("Names of sections, again", 1, 2)]
    set_heading_levels(document, outline)
    headings = [item.text for item in document.texts if isinstance(item, SectionHeaderItem)]
    assert headings == ["Overview", f"{marker} Names of sections"]
