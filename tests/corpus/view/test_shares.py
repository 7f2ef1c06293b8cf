"""Shares of what a document took: they say of what, and add up."""

from __future__ import annotations

import pytest

from docmill.pipeline.convert.types import PageTables, PageUnderstanding, PictureDescription, TableStructure
from docmill.pipeline.corpus.view.blocks import blocks_of
from docmill.pipeline.corpus.view.shares import PageShare, page_share
from tests.corpus.view.handmade import (
    MIDDLE,
    PRICE,
    RECORDS,
    TOP,
    handmade_blocks,
    item,
    record,
    region,
    shares,
)


def of(found: list[PageShare], stage: str) -> PageShare:
    return next(each for each in found if each.stage == stage)


def test_pages_add_up_to_the_document() -> None:
    tables = [TableStructure(region=at, num_rows=1, num_cols=1) for at in range(3)]
    three = PageTables(number=2, tables=tables)
    for each in RECORDS:
        first = page_share(each, 1, [], PageTables(number=1, tables=tables[:1]), None, PRICE)
        second = page_share(each, 2, [], three, None, PRICE)
        both = [share for share in (first, second) if share]
        assert sum(share.cpu_seconds for share in both) == pytest.approx(each.cpu_seconds)
        assert sum(share.device for share in both) == pytest.approx(sum(each.device_seconds.values()))
        whole = PRICE.of(each.device_seconds, each.cpu_seconds)
        assert sum(share.cost or 0 for share in both) == pytest.approx(whole)


def test_blocks_add_up_to_the_page_where_it_is_known_by_region() -> None:
    found = shares(handmade_blocks())
    assert {share.stage: sum(share.weights) for share in found} == {
        "pages": pytest.approx(1),
        "ocr": pytest.approx(1),
        "layout": pytest.approx(1),
        "tables": pytest.approx(1),
        "documents": 0,
    }


def test_each_stage_is_shared_as_it_says() -> None:
    found = shares(handmade_blocks())
    assert of(found, "ocr").weights == (1, 0, 0, 0)  # it read the paragraph alone
    assert of(found, "tables").weights == (0, 1, 0, 0)
    paragraph, table, footer, _ = of(found, "layout").weights
    assert paragraph == pytest.approx(10_000 / 32_200)
    assert table / paragraph == pytest.approx(2)
    assert footer / paragraph == pytest.approx(0.2)
    assert of(found, "layout").region_by == "by area"
    assert of(found, "documents").region_by == "not by region"


def test_a_page_bears_cpu_by_its_time_and_devices_by_what_servers_were_asked() -> None:
    found = shares(handmade_blocks())
    layout, tables = of(found, "layout"), of(found, "tables")
    assert (layout.seconds, layout.cpu_by, layout.device_by) == (
        0.3,
        "by the pages' times",
        "equally by page",
    )
    assert layout.cpu_seconds == pytest.approx(0.075)
    assert layout.device_seconds == {"heron": pytest.approx(0.04)}
    # one of the document's four tables is here
    assert tables.device_seconds == {"tableformer": pytest.approx(0.1)}
    assert tables.device_by == "equally by table"
    assert (tables.seconds, tables.cpu_by) == (None, "equally by page")


def test_a_stage_without_work_on_the_page_took_nothing_for_it() -> None:
    assert [share.stage for share in shares(handmade_blocks(), page=2)] == [
        "pages",
        "layout",
        "tables",
        "documents",
    ]


def test_a_page_that_was_given_up_untimed_bears_no_cpu_time() -> None:
    given_up = record("layout", pages=[1, 2], cpu_seconds=1.0, page_seconds={1: 0.5})
    share = page_share(given_up, 2, [], None, None, None)
    assert share is not None
    assert (share.seconds, share.cpu_seconds, share.cost) == (None, 0.0, None)


def test_answers_about_pictures_are_the_pictures() -> None:
    blocks = blocks_of(
        [item(), item("picture", MIDDLE, "", "#/pictures/0")],
        [region(0), region(1, "picture", MIDDLE)],
        [],
        [],
        None,
    )
    asked = record("understanding", pages=[1, 2], device_seconds={"vlm": 2.0}, page_seconds={1: 3.0, 2: 1.0})
    about = PageUnderstanding(number=1, pictures=[PictureDescription(region=1, box=MIDDLE)])
    share = page_share(asked, 1, blocks, None, about, None)
    assert share is not None
    assert list(share.weights) == [0, 1]
    assert share.device == pytest.approx(1.5)
    page = page_share(asked, 1, blocks, None, PageUnderstanding(number=1, text="all of it"), None)
    assert page is not None
    assert page.region_by == "not by region"


def test_what_is_inside_another_block_has_no_area_of_its_own() -> None:
    inner = region(1, "text", TOP, [0])
    outer = region(0, "picture", MIDDLE, [0], children=[inner])
    blocks = blocks_of([item("picture", MIDDLE, "", "#/pictures/0"), item()], [outer], [], [], None)
    share = page_share(RECORDS[0], 1, blocks, None, None, None)
    assert share is not None
    assert share.weights == (1, 0)
