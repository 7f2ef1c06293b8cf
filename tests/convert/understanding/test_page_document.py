"""Documents of one page, made of what a model answered."""

from __future__ import annotations

import pytest
from docling_core.types.doc import CoordOrigin, DocItem, DocItemLabel, DoclingDocument
from docling_core.types.doc.document import CodeItem, ContentLayer, ListItem, SectionHeaderItem

from docmill.pipeline.convert.errors import AnswerEmptyError
from docmill.pipeline.convert.understanding.doctags import flat_lists, real_boxes
from docmill.pipeline.convert.understanding.page_document import answer_document
from tests.tiny_vlm.lessons import kept_lessons

PAGE = """<doctag><page_header><loc_50><loc_10><loc_450><loc_20>Log</page_header>
<section_header_level_2><loc_50><loc_30><loc_250><loc_40>Day 1</section_header_level_2>
<text>No box here.</text>
<unordered_list><list_item><loc_50><loc_60><loc_250><loc_70>a</list_item>
<list_item><loc_50><loc_72><loc_250><loc_80>b<ordered_list><list_item><loc_70><loc_82><loc_250><loc_90>c</list_item>
</ordered_list></list_item>
<list_item><loc_50><loc_92><loc_250><loc_98>d</list_item></unordered_list>
<otsl><loc_50><loc_100><loc_450><loc_200><ched>A<ched>B<nl><fcel>1<lcel><nl><caption><loc_50><loc_205><loc_450><loc_215>Cap</caption></otsl>
<code><loc_50><loc_220><loc_450><loc_260><_Python_>print(1)</code>
<formula><loc_50><loc_270><loc_450><loc_280>a^2</formula>
<picture><loc_50><loc_300><loc_450><loc_600><bar_chart></picture>"""


@pytest.fixture(scope="module")
def document() -> DoclingDocument:
    return answer_document(PAGE, "doctags", 5, 600.0, 800.0)


def items(document: DoclingDocument) -> list[DocItem]:
    found = document.iterate_items(included_content_layers=set(ContentLayer))
    return [item for item, _ in found if isinstance(item, DocItem)]


def test_every_item_is_on_its_page_in_points_from_the_bottom_left(document: DoclingDocument) -> None:
    assert list(document.pages) == [5]
    assert (document.pages[5].page_no, document.pages[5].size.width, document.pages[5].size.height) == (
        5,
        600,
        800,
    )
    for item in items(document):
        for prov in item.prov:
            assert prov.page_no == 5
            assert prov.bbox.coord_origin == CoordOrigin.BOTTOMLEFT
            assert 0 <= prov.bbox.l <= prov.bbox.r <= 600 and 0 <= prov.bbox.b <= prov.bbox.t <= 800
    heading = next(item for item in document.texts if isinstance(item, SectionHeaderItem))
    assert heading.prov[0].bbox.as_tuple() == pytest.approx((60.0, 736.0, 300.0, 752.0))
    assert heading.level == 2


def test_an_item_without_a_box_is_somewhere_on_the_page(document: DoclingDocument) -> None:
    text = next(item for item in document.texts if item.text == "No box here.")
    assert text.prov[0].bbox.as_tuple() == (0.0, 0.0, 600.0, 800.0)
    assert text.prov[0].charspan == (0, len(text.text))


def test_items_of_nested_lists_are_items_of_their_own(document: DoclingDocument) -> None:
    assert [item.text for item in document.texts if isinstance(item, ListItem)] == ["a", "b", "c", "d"]


def test_captions_belong_to_their_tables(document: DoclingDocument) -> None:
    [table] = document.tables
    caption = table.captions[0].resolve(document)
    assert caption.text == "Cap" and caption.parent.cref == table.self_ref
    assert table.captions[0] in table.children and table.captions[0] not in document.body.children
    assert [[cell.text for cell in row] for row in table.data.grid] == [["A", "B"], ["1", "1"]]


def test_kinds_are_kept(document: DoclingDocument) -> None:
    code = next(item for item in document.texts if isinstance(item, CodeItem))
    assert (code.text, code.code_language.value) == ("print(1)", "Python")
    assert document.texts[0].content_layer == ContentLayer.FURNITURE
    assert DocItemLabel.FORMULA in {item.label for item in document.texts}
    assert len(document.pictures) == 1


@pytest.mark.parametrize(
    "text", ["", "nothing", "<doctag>", "<doctag><text><loc_1><loc_1><loc_2><loc_2></text>"]
)
def test_a_page_without_content_is_an_error(text: str) -> None:
    with pytest.raises(AnswerEmptyError):
        answer_document(text, "doctags", 1, 600.0, 800.0)


@pytest.mark.parametrize(
    ("given", "real"),
    [
        ("<loc_1><loc_2><loc_30><loc_40>", "<loc_1><loc_2><loc_30><loc_40>"),
        ("<loc_30><loc_40><loc_1><loc_2>", "<loc_1><loc_2><loc_30><loc_40>"),
        ("<loc_7><loc_7><loc_7><loc_7>", "<loc_7><loc_7><loc_9><loc_9>"),
        ("<loc_500><loc_0><loc_500><loc_900>", "<loc_498><loc_0><loc_500><loc_500>"),
        ("<loc_1><loc_2>", "<loc_1><loc_2>"),
    ],
)
def test_boxes_have_an_area(given: str, real: str) -> None:
    assert real_boxes(f"<text>{given}x</text>") == f"<text>{real}x</text>"


@pytest.mark.parametrize("box", ["", "<loc_500><loc_500><loc_500><loc_500>", "<loc_9><loc_9><loc_9><loc_9>"])
def test_no_picture_is_lost_for_its_box(box: str) -> None:
    made = answer_document(f"<picture>{box}</picture>", "doctags", 1, 600.0, 800.0)
    assert len(made.pictures) == 1
    assert made.pictures[0].image is None and made.pages[1].image is None


def test_flat_lists_leaves_other_answers_alone() -> None:
    lessons = [lesson for lesson in kept_lessons() if lesson.answer.endswith("</doctag>")]
    assert all(flat_lists(lesson.answer) == lesson.answer for lesson in lessons)


def test_an_item_that_only_holds_a_list_goes() -> None:
    nested = (
        "<ordered_list><list_item>a</list_item>\n<list_item><ordered_list><list_item>b</list_item>"
        "</ordered_list></list_item></ordered_list>"
    )
    flat = "<ordered_list><list_item>a</list_item><list_item>b</list_item></ordered_list>"
    assert flat_lists(nested) == flat


def test_markdown_becomes_the_same_kinds_of_items() -> None:
    text = """```markdown
# Title

Some *words* of `code`
go on.

1. one
2. two
   - inner

| A | B |
|---|---|
| 1 | **2** |

```python
print(1)
```

![a picture](x.png)
```"""
    document = answer_document(text, "markdown", 2, 600.0, 800.0)
    assert [item.label.value for item in items(document)] == [
        "section_header",
        "text",
        "list_item",
        "list_item",
        "list_item",
        "table",
        "code",
        "picture",
    ]
    assert {prov.page_no for item in items(document) for prov in item.prov} == {2}
