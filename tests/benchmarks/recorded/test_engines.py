import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.recorded.engines import (
    CELLS,
    PREDICTIONS,
    RecordedLayout,
    RecordedTables,
    RecordedText,
)
from benchmarks.recorded.recordings import RecordingError, read_predictions
from docmill.pipeline.convert.engines import LayoutView, TableView
from docmill.pipeline.convert.errors import BackendConfigError, PageError
from docmill.pipeline.convert.types import (
    Box,
    Cluster,
    PageContent,
    PageLayout,
    TableStructure,
    TextCell,
    Word,
)

KIT = Path(__file__).parents[2] / "kit"
PAGE = PageContent(number=1, width=612.0, height=792.0, scanned=[Box(0, 0, 612, 792)])


def render(scale: float, box: Box | None) -> NDArray[np.uint8]:
    raise AssertionError("recordings need no picture")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    cell = {"start_row_offset_idx": 0, "start_col_offset_idx": 0, "text": "said", "bbox": [0, 0, 40, 10]}
    other = cell | {"start_col_offset_idx": 1, "text": "then", "bbox": [50, 0, 90, 10]}
    table = {"layout_id": 4, "bbox": [0, 0, 100, 20], "otsl": ["ched", "fcel", "nl"], "num_rows": 1}
    page = {
        "page_no": 1,
        "width": 612,
        "height": 792,
        "layout": [{"id": 4, "label": "table", "score": 0.9, "bbox": [0, 0, 100, 20]}],
        "tables": [table | {"num_cols": 2, "cells": [cell, other]}],
    }
    (tmp_path / "a.predictions.json").write_text(json.dumps({"pdf": "a.pdf", "pages": [page]}))
    lines = [[0, 0, 100, 10, "hello there", 1]]
    words = [[0, 0, 45, 10, "hello"], [50, 0, 100, 10, "there"]]
    (tmp_path / "a.cells.json").write_text(json.dumps([{"page_no": 1, "lines": lines, "words": words}]))
    return tmp_path


def detected(engine: RecordedLayout, page: PageContent, document: str) -> PageLayout:
    return next(engine.detect_pages([LayoutView(page, None, None, render, document)]))


def structures(engine: RecordedTables, regions: list[Cluster], words: list[Word]) -> list[TableStructure]:
    return next(engine.structures_of_pages([TableView(regions, PAGE, words, render, "a.pdf")]))


def table_region(id_: int, box: Box) -> Cluster:
    return Cluster(id=id_, label="table", score=0.9, box=box)


def test_layout_is_replayed_by_the_name_of_the_file(folder: Path) -> None:
    found = detected(RecordedLayout(folder, PREDICTIONS), PAGE, "sub/folder/a.pdf")
    assert [(region.id, region.label, region.score, region.box) for region in found.clusters] == [
        (4, "table", 0.9, Box(0, 0, 100, 20))
    ]


def test_a_file_may_be_named_otherwise(folder: Path) -> None:
    (folder / "a.predictions.json").rename(folder / "a.derived.predictions.json")
    engine = RecordedLayout(folder, "{stem}.derived.predictions.json")
    assert detected(engine, PAGE, "a.pdf").clusters
    named = RecordedLayout(folder, "a.derived.predictions.json")
    assert detected(named, PAGE, "b.pdf").clusters


def test_what_was_not_recorded_is_an_error_of_the_document_or_the_page(folder: Path) -> None:
    engine = RecordedLayout(folder, PREDICTIONS)
    with pytest.raises(RecordingError, match=r"b\.predictions\.json"):
        detected(engine, PAGE, "b.pdf")
    with pytest.raises(RecordingError, match="without naming"):
        detected(engine, PAGE, "")
    second = PageContent(number=2, width=612.0, height=792.0)
    with pytest.raises(PageError):
        detected(engine, second, "a.pdf")
    with pytest.raises(PageError):
        RecordedText(folder, CELLS).with_text(second, "a.pdf")
    (folder / "a.predictions.json").write_text('{"pages": [{"page_no": "one"}]}')
    with pytest.raises(RecordingError, match="cannot be read"):
        detected(RecordedLayout(folder, PREDICTIONS), PAGE, "a.pdf")
    (folder / "a.cells.json").write_text('[{"page_no": 1, "words": [[1, 2]]}]')
    with pytest.raises(RecordingError, match="malformed"):
        RecordedText(folder, CELLS).with_text(PAGE, "a.pdf")


def test_prepare_wants_the_folder(folder: Path) -> None:
    RecordedTables(folder, PREDICTIONS).prepare()
    with pytest.raises(BackendConfigError, match="nowhere"):
        RecordedTables(folder / "nowhere", PREDICTIONS).prepare()


def test_identity_changes_with_the_recordings_and_with_the_matching(folder: Path) -> None:
    engine = RecordedTables(folder, PREDICTIONS)
    before = engine.identity()
    assert before == RecordedTables(folder, PREDICTIONS).identity()
    assert before["backend"] == "recorded"
    assert RecordedTables(folder, PREDICTIONS, match="words").identity() != before
    (folder / "b.predictions.json").write_text('{"pages": []}')
    assert engine.identity() != before


def test_tables_are_replayed_by_id_or_by_place(folder: Path) -> None:
    engine = RecordedTables(folder, PREDICTIONS)
    regions = [
        table_region(4, Box(0, 0, 90, 20)),
        table_region(9, Box(1, 1, 100, 20)),
        table_region(8, Box(300, 300, 400, 400)),
    ]
    first, second, third = structures(engine, regions, [])
    assert [cell.text for cell in first.cells] == ["said", "then"]
    assert (first.region, first.num_rows, first.num_cols, first.method) == (4, 1, 2, "recorded")
    assert (second.region, [cell.text for cell in second.cells]) == (9, ["said", "then"])
    assert (third.region, third.cells) == (8, [])


def test_tables_may_be_matched_with_the_pages_words(folder: Path) -> None:
    engine = RecordedTables(folder, PREDICTIONS, match="words")
    words = [
        Word(text=text, box=Box(left, 1, left + 20, 9), size=8.0, font=-1)
        for text, left in (("new", 5), ("text", 55))
    ]
    (table,) = structures(engine, [table_region(4, Box(0, 0, 100, 20))], words)
    assert [(cell.col, cell.text, cell.column_header) for cell in table.cells] == [
        (0, "new", True),
        (1, "text", False),
    ]


def test_recorded_text_takes_the_place_of_the_pdfs(folder: Path) -> None:
    page = RecordedText(folder, CELLS).with_text(PAGE, "a.pdf")
    assert page.cells == [TextCell(text="hello there", box=Box(0, 0, 100, 10), first=0, count=0, ocr=True)]
    assert [(word.text, word.size) for word in page.words] == [("hello", 10.0), ("there", 10.0)]
    assert page.scanned == []
    assert (page.width, page.height) == (612.0, 792.0)


def test_engines_travel_to_workers(folder: Path) -> None:
    engine = RecordedTables(folder, PREDICTIONS, match="words")
    assert pickle.loads(pickle.dumps(engine)) == engine


def test_committed_recordings_can_be_read() -> None:
    for path in sorted(KIT.glob("*.predictions.json")):
        recorded = read_predictions(path)
        assert recorded.kind == "docmill"
        assert recorded.pages
