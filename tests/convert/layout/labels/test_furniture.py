"""Running heads that say what the title says, lines at the very ends of a page, and feet of many lines."""

from __future__ import annotations

import pytest

from docmill.pipeline.convert.layout.detectors.cdla import Detection
from docmill.pipeline.convert.layout.fusion import fuse
from docmill.pipeline.convert.layout.style import document_style
from tests.convert.layout.sheet import Sheet, seen


def labels(sheet: Sheet, *others: Sheet, detections: tuple[Detection, ...] = ()) -> dict[str, str]:
    """Labels by text."""
    style = document_style([sheet.page, *(other.page for other in others)])
    regions = fuse(sheet.page, None, list(detections), style)
    return {" ".join(sheet.page.cells[cell].text for cell in r.cells): r.label for r in regions}


def full(top: float = 120) -> Sheet:
    """A page of prose."""
    sheet = Sheet()
    for number in range(6):
        sheet.prose(72, top + 90 * number, 6)
    return sheet


@pytest.mark.parametrize("title", ["On small halls", "On large halls"])
def test_a_running_head_that_repeats_the_title(title: str) -> None:
    sheet = full(160)
    sheet.line(250, 50, "On small halls", 9)
    sheet.line(72, 110, title, 18, bold=True)
    found = {region.label for region in fuse(sheet.page, None, [], document_style([sheet.page]))}
    assert ("page_header" in found) == (title == "On small halls")


def test_a_line_at_the_very_end_that_the_detector_has_seen() -> None:
    sheet = full()
    head = sheet.line(72, 18, "Ipsum of dolores")
    foot = sheet.line(72, 770, "Dolores consectetur")
    detections = (seen("header", head, 0.9), seen("footer", foot, 0.9))
    found = labels(sheet, detections=detections)
    assert found["Ipsum of dolores"] == "page_header"
    assert found["Dolores consectetur"] == "page_footer"


def test_a_line_over_the_text_that_the_detector_has_seen_stays() -> None:
    sheet = full()
    line = sheet.line(72, 92, "Ipsum of dolores")
    assert labels(sheet, detections=(seen("header", line, 0.9),))["Ipsum of dolores"] != "page_header"


def test_a_foot_of_many_lines_that_comes_back_whole() -> None:
    pages = []
    for number in range(3):
        sheet = full(60)
        sheet.lines(
            72, 690, *("Ipsum et al. (2024).", "Dolores of the", "consectetur, in", "lorem.org"), size=9
        )
        sheet.line(300, 760, str(number + 1), 9)
        pages.append(sheet)
    found = labels(*pages)
    assert found["Ipsum et al. (2024). Dolores of the consectetur, in lorem.org"] == "page_footer"


def test_signs_alone_are_no_running_head() -> None:
    pages = [full() for _ in range(2)]
    for sheet in pages:
        sheet.line(72, 90, "});")
    assert labels(*pages)["});"] != "page_header"


def test_the_size_of_a_short_page_is_that_of_its_text() -> None:
    sheet = Sheet()
    sheet.line(72, 200, "Ipsum dolores", 12)
    sheet.lines(72, 752, *("lorem ipsum dolores consectetur lorem ipsum dolores",) * 3, size=7, leading=9)
    assert document_style([sheet.page]).body_size == 12
    sheet.page.cells.pop(0)
    assert document_style([sheet.page]).body_size == 7
