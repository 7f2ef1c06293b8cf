"""docling's own reading order of the same pages is the same."""

from __future__ import annotations

import random
from pathlib import PurePath
from types import SimpleNamespace

import pytest
from docling.datamodel.base_models import AssembledUnit, Cluster, Page, TextElement
from docling.models.postprocessing.reading_order_rb import ReadingOrderPredictor
from docling.models.stages.reading_order.readingorder_model import ReadingOrderModel, ReadingOrderOptions
from docling_core.types.doc import BoundingBox, DocItemLabel, Size

from docmill.pipeline.convert.document.docling_internals.reading_order import (
    LightReadingOrder,
    LightReadingOrderPredictor,
)

LABELS = (
    DocItemLabel.TEXT,
    DocItemLabel.TEXT,
    DocItemLabel.SECTION_HEADER,
    DocItemLabel.LIST_ITEM,
    DocItemLabel.CODE,
    DocItemLabel.CAPTION,
    DocItemLabel.PAGE_HEADER,
    DocItemLabel.PAGE_FOOTER,
)


def _scattered(draw: random.Random) -> BoundingBox:
    left, top = 10.0 * draw.randrange(55), 7.0 * draw.randrange(100)
    width, height = draw.choice((0.0, 30.0, 120.0, 400.0)), draw.choice((0.0, 8.0, 30.0, 90.0))
    return BoundingBox(l=left, t=top, r=left + width, b=top + height)


def _in_columns(draw: random.Random, number: int, of: int) -> BoundingBox:
    """Two columns whose paragraphs touch, lie apart, and reach into one another by a hair."""
    column, row = divmod(number, max(1, (of + 1) // 2))
    left, top = 50.0 + 260 * column, 60.0 + 20 * row
    reach = draw.choice((0.0, 0.0005, 0.002, 1.5, -4.0))
    return BoundingBox(l=left + draw.choice((0.0, 3.0)), t=top, r=left + 240, b=top + 20 + reach)


def _result(seed: str, count: int, *, columns: bool) -> SimpleNamespace:
    draw = random.Random(seed)
    unit, pages = AssembledUnit(), []
    for number in (1, 2):
        pages.append(Page(page_no=number, size=Size(width=612, height=792)))
        for index in range(count):
            box = _in_columns(draw, index, count) if columns else _scattered(draw)
            label = draw.choice(LABELS)
            cluster = Cluster(id=index, label=label, bbox=box)
            text = draw.choice(("a paragraph that goes on", "one that ends.", "", "Table 1: a caption"))
            unit.elements.append(
                TextElement(label=label, id=index, page_no=number, cluster=cluster, text=text)
            )
    return SimpleNamespace(
        input=SimpleNamespace(file=PurePath("some.pdf"), document_hash="0" * 16),
        pages=pages,
        errors=[],
        timings={},
        assembled=unit,
    )


@pytest.mark.parametrize("columns", [False, True])
@pytest.mark.parametrize("count", [0, 1, 6, 25, 110])
@pytest.mark.parametrize("seed", range(3))
def test_documents_are_those_of_docling(seed: int, count: int, columns: bool) -> None:
    result = _result(f"{seed}:{count}", count, columns=columns)
    theirs = ReadingOrderModel(ReadingOrderOptions())
    expected = theirs(result).model_dump_json()
    assert isinstance(theirs.ro_model, ReadingOrderPredictor)
    ours = LightReadingOrder(ReadingOrderOptions())
    ours.ro_model = LightReadingOrderPredictor()
    assert ours(result).model_dump_json() == expected


def test_elements_have_all_that_docling_s_have() -> None:
    result = _result("elements", 30, columns=True)
    made, expected = (
        kind(ReadingOrderOptions())._assembled_to_readingorder_elements(result)
        for kind in (LightReadingOrder, ReadingOrderModel)
    )
    assert [each.__dict__ for each in made] == [each.__dict__ for each in expected]
    assert [each.model_dump_json() for each in made] == [each.model_dump_json() for each in expected]


def test_a_copy_changes_alone() -> None:
    [element, *_] = LightReadingOrder(ReadingOrderOptions())._assembled_to_readingorder_elements(
        _result("copy", 2, columns=True)
    )
    left, copied = element.l, element.model_copy(update={"text": "other"})
    copied.l = left - 1
    assert (element.l, element.text) != (copied.l, copied.text)
    assert element.l == left
