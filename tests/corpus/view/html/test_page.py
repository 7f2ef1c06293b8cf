"""The page of HTML: what it says, and that nothing in a document becomes part of it."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

import msgspec
import pytest

from docmill.pipeline.convert.types import Box
from docmill.pipeline.corpus.view.blocks import blocks_of
from docmill.pipeline.corpus.view.html.page import view_page
from docmill.pipeline.corpus.view.html.shown import milliseconds, money, shown_page
from docmill.pipeline.corpus.view.makers import Maker
from docmill.pipeline.stages.results.records import PageIssue
from tests.corpus.view.handmade import handmade_blocks, handmade_view, item, region

HOSTILE = (
    "<script>document.title='taken'</script>",
    '"><img src=x onerror=alert(1)>',
    "javascript:alert(1)",
    "</style></svg></title><svg onload=alert(1)>",
    "{{ 7 * 7 }}{% raw %}",
    "' autofocus onfocus='alert(1)",
)


class Seen(HTMLParser):
    """The elements of a page, their attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: dict[str, str] = {}
        self._open = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open = tag

    def handle_endtag(self, tag: str) -> None:
        self._open = ""

    def handle_data(self, data: str) -> None:
        self.text[self._open] = self.text.get(self._open, "") + data

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def hostile_page() -> str:
    blocks = handmade_blocks(HOSTILE)
    first = blocks[0]
    assert first.item
    marked = replace(first, item=replace(first.item, link=HOSTILE[2], marker=HOSTILE[1], label="list_item"))
    unheard_of = region(9, HOSTILE[1], Box(1, 1, 2, 2), source=HOSTILE[0])
    odd = blocks_of([], [unheard_of], [], [], None)
    view = handmade_view([marked, *blocks[1:], *odd], HOSTILE[0], HOSTILE[1])
    issue = PageIssue(1, "layout", HOSTILE[3], HOSTILE[0])
    page = replace(view.pages[0], issues=[issue], left_out={HOSTILE[5]: 1}, detections=[unheard_of])
    return view_page(replace(view, pages=[page]), {1: HOSTILE[0]}, [HOSTILE[1]])


def test_nothing_that_a_document_says_becomes_markup() -> None:
    html = hostile_page()
    seen, plain = Seen(html), Seen(view_page(handmade_view(handmade_blocks()), {1: b"webp"}))
    assert {tag for tag, _ in seen.tags} <= {tag for tag, _ in plain.tags} | {"figcaption", "p", "span"}
    assert (
        len(seen.of("script")) == len(seen.of("style")) == len(seen.of("title")) - len(seen.of("g")) + 1 == 1
    )
    for tag, attributes in seen.tags:
        assert not [name for name in attributes if name.startswith("on") or name == "style"], (
            tag,
            attributes,
        )
        for name in ("href", "src", "xlink:href", "action"):
            assert (attributes.get(name) or "#").startswith(("#", "data:image/webp;")), (tag, attributes)
    shown = " ".join(seen.text.values())
    for text in HOSTILE:
        assert text in shown


def test_the_only_script_and_style_that_browsers_run_are_docmills() -> None:
    seen = Seen(hostile_page())
    [policy] = [each["content"] or "" for each in seen.of("meta") if each.get("http-equiv")]
    for tag in ("script", "style"):
        digest = base64.b64encode(hashlib.sha256(seen.text[tag].encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_it_needs_nothing_from_elsewhere() -> None:
    html = view_page(handmade_view(handmade_blocks()), {1: b"webp"})
    assert not re.search(r"""(?:src|href|url\()\s*=?\s*["']?(?:https?:)?//""", html)
    [image] = Seen(html).of("image")
    assert image["href"] == f"data:image/webp;base64,{base64.b64encode(b'webp').decode()}"


def test_a_card_says_where_a_block_is_from_and_what_it_took() -> None:
    view = handmade_view(handmade_blocks())
    paragraph, table, footer, left = shown_page(view, view.pages[0]).blocks
    assert paragraph.facts == {
        "label": "text",
        "found by": "heron, version 3, served by Triton",
        "score": "0.87",
        "detector saw": "text 0.87",
        "box": "(50, 50) to (250, 100) points, 8.3% of the page",
        "text from": "OCR, 2 lines, confidence 0.80, lowest 0.70",
        "OCR by": "det.onnx + rec.onnx, embedded in the workers",
        "item": "#/texts/0",
        "link": "https://example.org/",
    }
    assert table.facts["table"] == "2 rows, 2 columns, by rulings, score 0.91"
    assert table.facts["found by"] == "the page's geometry, together with heron, version 3, served by Triton"
    assert footer.fate_name == "dropped: furniture"
    assert "nothing with this box" in left.fate_why
    assert [(each.name, each.by) for each in table.figures] == [
        ("pages", "by area"),
        ("layout", "by area"),
        ("tables", "equally by table"),
    ]
    # a quarter of the table model's 400 ms, and the table's 20,000 of 32,200 square points of heron's 40 ms
    assert [each.device for each in table.figures] == ["0", "24.8", "100"]
    assert table.total.device == "125"


def test_blocks_and_what_is_not_by_region_add_up_to_the_page() -> None:
    view = handmade_view(handmade_blocks())
    page = shown_page(view, view.pages[0])
    for figure in ("cpu", "device", "cost"):
        parts = [float(getattr(each.total, figure).replace(",", "")) for each in page.blocks]
        rest, whole = (float(getattr(each, figure).replace(",", "")) for each in (page.unshared, page.total))
        assert sum(parts) + rest == pytest.approx(whole, rel=0.01)
    # 250 ms of 500, equally by page
    assert page.unshared.cpu == "250"


def test_a_long_page_is_cut_and_says_so() -> None:
    view = handmade_view(blocks_of([item(text="x" * 20_007)], [region(0)], [], [], None))
    [block] = shown_page(view, view.pages[0]).blocks
    assert (len(block.text), block.more) == (20_000, "7 more characters")
    many = handmade_view(blocks_of([item()] * 2_003, [], [], [], None))
    page = shown_page(many, many.pages[0])
    assert len(page.blocks) == 2_000
    assert "3 more blocks are not shown" in page.notes


def test_a_page_that_a_models_answer_made_says_so() -> None:
    view = handmade_view(blocks_of([item()], [], [], [], None))
    page = replace(view.pages[0], understood_by="granite@1")
    answered = replace(view, pages=[page], makers={"understanding": Maker(("granite",), "served by vLLM")})
    shown = shown_page(answered, page)
    assert shown.blocks[0].facts["found by"] == "granite@1, served by vLLM"
    assert shown.blocks[0].facts["text from"] == "the answer of granite@1"
    assert "what the layout stage found is not used" in shown.notes[0]


def test_an_issue_that_all_stages_repeat_is_told_once() -> None:
    view = handmade_view(handmade_blocks())
    issue = PageIssue(2, "pages", "page_failed", "page 2 cannot be loaded")
    stages = [msgspec.structs.replace(stage, issues=[issue]) for stage in view.life.stages]
    told = replace(view, life=msgspec.structs.replace(view.life, stages=stages))
    assert view_page(told, {}).count("page 2 cannot be loaded") == 1


def test_who_computed_a_stage_is_said_or_that_it_is_not_known() -> None:
    view = handmade_view(handmade_blocks())
    said = {share.stage: maker for share, maker, _, _ in shown_page(view, view.pages[0]).stages}
    assert said["layout"] == "heron, version 3, served by Triton"
    assert (said["documents"], said["tables"]) == ("docmill", "not known")


def test_a_document_without_prices_devices_or_pages_is_still_a_page() -> None:
    view = handmade_view([])
    bare = replace(view, pages=[], made=False, makers={})
    text = " ".join(Seen(view_page(bare, {})).text.values())
    assert "No page of it was read" in text


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0"), (0.0001234, "0.123"), (0.0999, "99.9"), (1.5, "1,500")]
)
def test_milliseconds_have_three_figures(seconds: float, said: str) -> None:
    assert milliseconds(seconds) == said


@pytest.mark.parametrize(
    ("cost", "said"), [(None, ""), (0.0, "0"), (2.34e-7, "0.000000234"), (1234.5, "1230"), (0.5, "0.5")]
)
def test_money_has_no_exponent(cost: float | None, said: str) -> None:
    assert money(cost) == said
