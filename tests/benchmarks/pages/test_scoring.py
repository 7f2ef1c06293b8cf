"""Documents that typst sets, scored against documents made of their own truth, right and then wrong."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from docling_core.types.doc import (
    BoundingBox,
    CoordOrigin,
    DocItemLabel,
    DoclingDocument,
    ProvenanceItem,
    Size,
    TableCell,
    TableData,
)

from benchmarks.pages.making import MadeDocument, make_documents
from benchmarks.pages.marks import MOST_MARKS, Mark, Role, colour_of, number_of
from benchmarks.pages.scoring.document import DocumentScore, score_document
from benchmarks.pages.setters.programs import Typst
from benchmarks.pages.sources.catalogue import own_sources
from benchmarks.pages.truth import TruthLine, read_lines
from docmill.pipeline.convert.types import Box

_LABELS = {
    Role.TITLE: DocItemLabel.TITLE,
    Role.HEADING: DocItemLabel.SECTION_HEADER,
    Role.LIST_ITEM: DocItemLabel.LIST_ITEM,
    Role.CODE: DocItemLabel.CODE,
    Role.FOOTNOTE: DocItemLabel.FOOTNOTE,
    Role.CAPTION: DocItemLabel.CAPTION,
    Role.FORMULA: DocItemLabel.FORMULA,
    Role.HEADER: DocItemLabel.PAGE_HEADER,
    Role.FOOTER: DocItemLabel.PAGE_FOOTER,
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> list[MadeDocument]:
    folder = tmp_path_factory.mktemp("made")
    return make_documents(6, 3, own_sources(), {"typst": Typst()}, folder, pytest.fail)


def of(made: MadeDocument, relabel: Callable[[Role], Role | None] = lambda role: role) -> DoclingDocument:
    """The document that the truth describes, with a role changed, or left out (None)."""
    lines = read_lines(made.pdf, made.made.marks)
    document = DoclingDocument(name=made.made.name)
    for number in {line.page for line in lines}:
        document.add_page(page_no=number, size=Size(width=2000, height=2000))
    blocks: dict[tuple[int, int], list[TruthLine]] = defaultdict(list)
    for line in lines:
        cell = made.made.marks[line.mark].cell
        blocks[cell.table if cell else line.mark, line.page].append(line)
    for (mark, page), block in blocks.items():
        role = relabel(made.made.marks[mark].role)
        if role is None:
            continue
        place = _place(page, block)
        if role is Role.TABLE:
            document.add_table(data=_table(block, made.made.marks), prov=place)
            continue
        text = " ".join(line.text for line in block)
        if role is Role.CONTENTS:
            data = TableData(num_rows=1, num_cols=1, table_cells=[_cell(text, 0, 0, 1)])
            document.add_table(data=data, label=DocItemLabel.DOCUMENT_INDEX, prov=place)
        elif role is Role.LIST_ITEM:
            document.add_list_item(text, prov=place, parent=document.add_list_group())
        elif role is Role.HEADING:
            document.add_heading(text, level=made.made.marks[mark].level or 1, prov=place)
        else:
            document.add_text(label=_LABELS.get(role, DocItemLabel.TEXT), text=text, prov=place)
    return document


def _place(page: int, block: Sequence[TruthLine]) -> ProvenanceItem:
    box = block[0].box
    for line in block:
        box = box.union(line.box)
    bounds = BoundingBox(l=box.l, t=box.t, r=box.r, b=box.b, coord_origin=CoordOrigin.TOPLEFT)
    return ProvenanceItem(page_no=page, bbox=bounds, charspan=(0, 0))


def _table(block: Sequence[TruthLine], marks: dict[int, Mark]) -> TableData:
    texts: dict[int, str] = defaultdict(str)
    for line in block:
        texts[line.mark] += line.text
    cells = []
    for mark, text in texts.items():
        cell = marks[mark].cell
        assert cell is not None
        cells.append(_cell(text, cell.row, cell.column, cell.columns))
    rows, columns = (max(getattr(cell, f"end_{n}_offset_idx") for cell in cells) for n in ("row", "col"))
    return TableData(num_rows=rows, num_cols=columns, table_cells=cells)


def _cell(text: str, row: int, column: int, columns: int) -> TableCell:
    return TableCell(
        text=text,
        start_row_offset_idx=row,
        end_row_offset_idx=row + 1,
        start_col_offset_idx=column,
        end_col_offset_idx=column + columns,
        col_span=columns,
    )


def scored(made: MadeDocument, document: DoclingDocument) -> DocumentScore:
    return score_document(made.made, read_lines(made.pdf, made.made.marks), document, None)


def test_a_colour_stands_for_one_number() -> None:
    numbers = [1, 35, 36, 1295, 1296, 30_000, MOST_MARKS]
    assert [number_of(*colour_of(number)) for number in numbers] == numbers
    assert number_of(0, 0, 0) == number_of(40, 0, 0) == number_of(255, 255, 255) == 0


def test_every_block_comes_back_with_its_mark(made: list[MadeDocument]) -> None:
    assert len(made) == 6
    for one in made:
        found = {line.mark for line in read_lines(one.pdf, one.made.marks)}
        expected = {
            number
            for number, mark in one.made.marks.items()
            # empty running heads, empty cells, and the table around the cells
            if mark.role not in (Role.HEADER, Role.FOOTER, Role.TABLE)
        }
        assert expected <= found


def test_lines_are_where_they_stand(made: list[MadeDocument]) -> None:
    lines = read_lines(made[0].pdf, made[0].made.marks)
    title = next(line for line in lines if made[0].made.marks[line.mark].role in (Role.TITLE, Role.HEADING))
    assert title.page == 1
    assert Box(0, 0, 700, 400).intersection(title.box) == pytest.approx(title.box.area)


def test_the_same_seed_makes_the_same_document(made: list[MadeDocument], tmp_path: Path) -> None:
    again = make_documents(6, 3, own_sources(), {"typst": Typst()}, tmp_path, pytest.fail)
    assert [one.made for one in again] == [one.made for one in made]
    other = make_documents(2, 4, own_sources(), {"typst": Typst()}, tmp_path / "other", pytest.fail)
    assert [one.made.marks for one in other] != [one.made.marks for one in made[:2]]


def test_the_truth_scores_full_marks(made: list[MadeDocument]) -> None:
    for one in made:
        score = scored(one, of(one))
        assert score.wrong == []
        assert (score.blocks, score.order, score.kept) == (1, 1, 1)
        assert all(table.found == 1 and table.relations.f1 == 1 for table in score.tables)
        assert score.levels[0] == score.levels[1]


def test_headings_as_text_cost_headings(made: list[MadeDocument]) -> None:
    one = made[0]
    score = scored(one, of(one, lambda role: Role.PARAGRAPH if role is Role.HEADING else role))
    assert (score.roles.f1("heading") or 0) < 0.5
    assert (score.roles.f1("paragraph") or 0) < 1
    assert {(line.truth, line.outcome) for line in score.wrong} == {("heading", "paragraph")}


def test_what_is_left_out_is_lost(made: list[MadeDocument]) -> None:
    one = next(one for one in made if any(mark.role is Role.LIST_ITEM for mark in one.made.marks.values()))
    score = scored(one, of(one, lambda role: None if role is Role.LIST_ITEM else role))
    assert {line.truth for line in score.wrong} == {"list_item"}
    assert score.kept < 1


def test_a_table_as_text_is_not_found(made: list[MadeDocument]) -> None:
    one = next(one for one in made if any(mark.role is Role.TABLE for mark in one.made.marks.values()))
    score = scored(one, of(one, lambda role: Role.PARAGRAPH if role is Role.TABLE else role))
    assert [table.found for table in score.tables] == [0] * len(score.tables)
    assert score.relations.f1 == 0


def test_order_and_blocks(made: list[MadeDocument]) -> None:
    one = made[0]
    document = of(one)
    document.body.children.reverse()
    assert scored(one, document).order < 0.5
    whole = DoclingDocument(name="one block a page")
    lines = read_lines(one.pdf, one.made.marks)
    for number in sorted({line.page for line in lines}):
        whole.add_page(page_no=number, size=Size(width=2000, height=2000))
        block = [line for line in lines if line.page == number]
        text = " ".join(line.text for line in block)
        whole.add_text(label=DocItemLabel.TEXT, text=text, prov=_place(number, block))
    score = scored(one, whole)
    assert score.merged > 5
    assert score.split == 0


def test_a_failed_document_has_lost_everything(made: list[MadeDocument]) -> None:
    one = made[0]
    score = score_document(one.made, read_lines(one.pdf, one.made.marks), None, "not converted")
    assert score.roles.right() == 0
    assert score.kept == 0
