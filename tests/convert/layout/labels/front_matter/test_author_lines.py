"""Front pages that are typeset here: lines that name authors are text, and headings stay headings."""

from __future__ import annotations

from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from docmill.pipeline.convert.layout.fusion import fuse
from docmill.pipeline.convert.layout.style import document_style
from docmill.pipeline.convert.pdf.page_reader import read_page
from docmill.pipeline.convert.pdf.pdf import Pdf
from docmill.pipeline.convert.types import Cluster
from tests.convert.layout.sheet import Sheet
from tests.samples.make.typesetting import typeset_text

TITLE = "Tides of the Inner Sound"
PROSE = (
    "The harbour of the inner sound was measured every hour for a year, and the readings were compared with "
    "those of the older gauge at the mouth of the river. The two agree to within a hand's breadth in calm "
    "weather. In a storm the water stands higher at the quay than at the gauge, and stays there for most of "
    "a day. We say why that is so, and what it means for the tables that pilots use when a ship comes in."
)


def headings(folder: Path, body: str, *, page: int = 1, own_figures: bool = False) -> list[str]:
    """The headings on a page of Typst markup that a title starts, from top to bottom, without the title.

    Superscripts are smaller figures set higher, or the typeface's `own_figures`, whose place is on the line.
    """
    path = folder / "front.pdf"
    path.write_bytes(
        typeset_text(
            '#set page(paper: "a4", margin: 25mm)\n#set text(font: "New Computer Modern", size: 10pt)\n'
            '#set par(justify: true)\n#let name(it) = block(text(12pt, weight: "bold", it))\n'
            '#let head(it) = block(above: 1.6em, text(13pt, weight: "bold", it))\n'
            "#let small(it) = text(9pt, it)\n"
            f"#set super(typographic: {str(own_figures).lower()})\n"
            f'#align(center, text(17pt, weight: "bold")[{TITLE}])\n{body}'
        )
    )
    with Pdf.open(path) as pdf:
        pages = [read_page(pdf, number) for number in range(1, pdf.page_count + 1)]
    content = pages[page - 1]
    found = fuse(content, None, [], document_style(pages))

    def text(region: Cluster) -> str:
        return " ".join(content.cells[cell].text for cell in region.cells)

    ordered = sorted(found, key=lambda region: (region.box.t, region.box.l))
    texts = [text(region) for region in ordered if region.label == "section_header"]
    return [each for each in texts if each != TITLE]


PAPERS = {
    "digits, as one centred line": """
        #align(center)[#name[Edda Brandt#super[1], Olaf Lindqvist#super[1,2], and Mia Sato#super[2]]
        #small[#super[1] Institute of Tides, Norland #h(1em) #super[2] Harbour Office, Aldermouth]]""",
    "letters and a sign for the one to write to": """
        #name[Edda Brandt #super[a,∗] & Olaf Lindqvist #super[b]]
        #small[#super[a] Institute of Tides \\ #super[b] Harbour Office]""",
    "one author with a mark, over an affiliation that names no institution": """
        #name[Edda M. Brandt #super[1]] #small[*1* Senior Pilot, Safety and Survey, Cold Quay]""",
    "an initial that numbers a section as well": """
        #name[I. A. W. Brandt #super[1¶]] #small[#super[1] Institute of Tides]""",
    "signs, and addresses to write to": """
        #name[Edda Brandt∗ and Olaf Lindqvist†]
        #small[brandt\\@tides.example, lindqvist\\@tides.example]""",
    "names alone over an institution": """
        #align(center)[#name[Edda Brandt, Olaf Lindqvist and Mia Sato]
        Department of Tides, University of Aldermouth]""",
    "names alone over the abstract": "#name[Edda Brandt and Olaf Lindqvist]",
    "one name alone over an institution": "#name[Edda Brandt] Institute of Tides, Aldermouth",
    "blocks side by side": """
        #grid(columns: (1fr, 1fr),
        [#name[Edda Brandt] Institute of Tides \\ brandt\\@tides.example],
        [#name[Olaf Lindqvist] Harbour Office \\ lindqvist\\@tides.example])""",
    "names side by side over nothing but the abstract": """
        #grid(columns: (1fr, 1fr), align: center, name[Edda Brandt ‡], name[Olaf Lindqvist §])
        #v(1em) #align(center)[Abstract]""",
    "one under the other": "#name[Edda Brandt] #name[Olaf Lindqvist] Institute of Tides, Aldermouth",
    "one above the other, the last over a big line that says where": """
        #name[Edda Brandt] Institute of Tides, Aldermouth
        #name[Olaf Lindqvist] #block(text(12pt)[University of Norland])""",
    "several lines": """
        #block(width: 60%, name[Edda Brandt#super[1], Olaf Lindqvist#super[1,2], Mia Sato#super[2],
        Ines Marlow#super[3], Tobias Renn#super[1], Aiko Hayford#super[2], Ludwig van der Berg#super[3],
        and Jean-Luc d’Arc#super[1]])
        #small[#super[1] Institute of Tides #super[2] Harbour Office #super[3] Cold Quay]""",
    "family names first": "#name[Brandt, Edda; Lindqvist, Olaf] Institute of Tides, Aldermouth",
    "in the title's own size": """
        #align(center, text(17pt)[Edda Brandt#super[1] and Olaf Lindqvist#super[2]])
        #small[#super[1] Cold Quay]""",
    "with where they work and when, all bold": """
        #name[Edda Brandt#super[1] and Olaf Lindqvist#super[1]] #name[#super[1]Institute of Tides, Norland]
        #name[brandt\\@tides.example] #name[3 June 2024]""",
    "an e-mail address beside the name": "#name[Edda Brandt \\<brandt\\@tides.example>]",
    "affiliations in a paragraph of their own": f"""
        #name[Edda Brandt#super[1] and Olaf Lindqvist#super[2]]
        #small[#super[1] Institute of Tides, {"Old Customs House, Harbour Street, " * 8} Norland.]
        #name[Mia Sato#super[3]] #small[#super[3] Cold Quay]""",
    "Cyrillic": "#name[Ирина Соколова#super[1] и Павел Орлов#super[2]] #small[#super[1] Институт приливов]",
    "Greek": "#name[Ελένη Παππά∗ και Νίκος Ράλλης] Πανεπιστήμιο Αλδερμούθης",
}


@pytest.mark.parametrize("authors", PAPERS.values(), ids=PAPERS)
def test_author_lines_are_no_headings(authors: str, tmp_path: Path) -> None:
    body = f"{authors}\n#head[Abstract] {PROSE}\n#head[1 Introduction] {PROSE}"
    assert headings(tmp_path, body) == ["Abstract", "1 Introduction"]


@pytest.mark.parametrize(
    "authors",
    [
        "#name[Edda Brandt#super[1], Olaf Lindqvist#super[1,2]] #small[#super[1]Cold Quay #super[2]Norland]",
        "#name[Edda Brandt#super[1]] #small[#super[1]Institute of Tides]",
        "#name[Edda Brandt#super[1] and Olaf Lindqvist#super[2]]",
    ],
)
def test_raised_figures_of_the_typeface_itself_are_marks(authors: str, tmp_path: Path) -> None:
    body = f"{authors}\n#head[Abstract] {PROSE}\n#head[1 Introduction] {PROSE}"
    assert headings(tmp_path, body, own_figures=True) == ["Abstract", "1 Introduction"]


def test_affiliations_may_stand_at_the_foot_of_the_page(tmp_path: Path) -> None:
    authors = "#name[Edda Brandt#super[1], Olaf Lindqvist#super[2], Mia Sato#super[1]]"
    body = f"{authors}\n{PROSE}\n#head[The gauge] {PROSE}"
    assert headings(tmp_path, body) == ["The gauge"]


@pytest.mark.parametrize(
    "heading",
    [
        "Abstract",
        "Summary",
        "Introduction",
        "1 Introduction",
        "2 Methods and Materials",
        "I. Field Work",
        "Chapter 1",
        "Müller v. Bundesrepublik",
        "Brandt, Lindqvist and Sato v. Norland",
        "Smith's Theorem",
        "Getting Started",
        "Winter Storms and Spring Tides",
        "Spring Tides∗",
        "Spring Tides#super[1]",
        "Winter Storms∗ and Spring Tides†",
        "Introduction#super[1]",
        "Harbour#super[1] and Gauge#super[2]",
        "Edda Brandt",
        "Edda Brandt and Olaf Lindqvist",
        "Readings of 3 June 2024",
        "University Rankings",
        "Приливы и Отливы",
    ],
)
def test_a_heading_over_its_text_stays_one(heading: str, tmp_path: Path) -> None:
    body = f"#head[{heading}] {PROSE}\n#head[Results] {PROSE}"
    assert len(headings(tmp_path, body)) == 2


@pytest.mark.parametrize("heading", ["Abstract", "Field Work", "The gauge at the mouth"])
@pytest.mark.parametrize(
    "setting", ["#align(center, text(13pt, [{}]))", "#align(center, emph(text(12pt, [{}])))"]
)
def test_a_plain_heading_under_bold_authors_stays_one(heading: str, setting: str, tmp_path: Path) -> None:
    authors = "#name[Edda Brandt#super[1] and Olaf Lindqvist#super[2]]\n#small[#super[1] Cold Quay]"
    first, second = setting.format(heading), setting.format("Results")
    body = f"{authors}\n{first}\n{PROSE}\n\n{second}\n{PROSE}"
    assert headings(tmp_path, body) == [heading, "Results"]


def test_names_beside_each_other_may_look_as_headings_do(tmp_path: Path) -> None:
    authors = """
        #grid(columns: (1fr, 1fr),
        [#name[Edda Brandt] Institute of Tides], [#name[Olaf Lindqvist] University of Norland])
        #name[Mia Sato] Harbour College"""
    body = f"{authors}\n#name[The gauge] {PROSE}\n\n#name[Field Work] {PROSE}"
    assert headings(tmp_path, body) == ["The gauge", "Field Work"]


@pytest.mark.parametrize("heading", ["Abstract", "Introduction", "Summary"])
def test_a_usual_heading_under_plain_authors_stays_one(heading: str, tmp_path: Path) -> None:
    centred = f"#align(center, text(12pt)[Edda Brandt])\n#align(center, text(13pt)[{heading}])"
    assert headings(tmp_path, f"{centred}\n{PROSE}") == [heading]


@pytest.mark.parametrize(("line", "stays"), [("摘要", True), ("王小明", False)])
def test_a_usual_heading_of_a_few_ideographs_is_no_name(line: str, stays: bool) -> None:
    sheet = Sheet()
    sheet.line(72, 80, TITLE, 20, bold=True)
    sheet.line(72, 120, line, 14, bold=True)
    sheet.line(72, 145, "海洋大学潮汐研究所", 10)
    sheet.prose(72, 200, 12)
    page = sheet.page
    heads = [
        page.cells[region.cells[0]].text
        for region in fuse(page, None, [], document_style([page]))
        if region.label == "section_header"
    ]
    assert heads == ([TITLE, line] if stays else [TITLE])


NO_PAPERS = {
    "a manual page": "A command for tide tables.\n#head[Getting Started]\n```\ntides --at aldermouth\n```",
    "the same, its commands in prose": f"#head[Getting Started] Type tides.\n#head[Command Line] {PROSE}",
    "an exercise": "#head[Problem Set 3]\n3 June 2024",
    "a list": "#head[Winter Term, Spring Term]\n- Gauges\n- Harbours\n- Pilots\n",
    "a note on a heading over a list": "#head[Spring Tides∗]\n- Gauges\n- Harbours\n- Pilots\n",
    "a report of a year": "#name[Annual Report and Financial Statements]\n31 December 2021",
    "whom to write to": "#head[Contact Us]\noffice\\@tides.example",
    "an office among others": f"""
        #head[Harbour Office]\nHarbour Street 15, D-76133 Aldermouth\n#head[Opening hours] {PROSE}""",
    "headings under each other": f"#head[Spring Tides∗]\n#head[Winter Storms]\n{PROSE}",
    "words that the text has too": f"#head[Older Gauge and Calm Weather]\nInstitute of Tides\n\n{PROSE}",
}


@pytest.mark.parametrize("body", NO_PAPERS.values(), ids=NO_PAPERS)
def test_headings_of_what_is_no_paper_stay(body: str, tmp_path: Path) -> None:
    body = f"{body}\n\n{PROSE}"
    assert len(headings(tmp_path, body)) == body.count("#head[") + body.count("#name[")


def test_names_after_the_text_has_begun_are_headings(tmp_path: Path) -> None:
    body = f"{PROSE}\n#name[Edda Brandt#super[1] and Olaf Lindqvist#super[2]]\nInstitute of Tides\n\n{PROSE}"
    assert headings(tmp_path, body) == ["Edda Brandt 1 and Olaf Lindqvist 2"]


def test_names_on_a_later_page_are_headings(tmp_path: Path) -> None:
    authors = "#name[Edda Brandt#super[1] and Olaf Lindqvist#super[2]] Institute of Tides"
    title = '#align(center, text(17pt, weight: "bold")[Gauges of the Outer Sound])'
    body = f"{authors}\n\n{PROSE}\n#pagebreak()\n{title}\n{authors}\n\n{PROSE}"
    assert headings(tmp_path, body) == []
    assert len(headings(tmp_path, body, page=2)) == 2


def test_authors_set_by_another_producer(tmp_path: Path) -> None:
    """Superscripts as producers without a font for them draw them: smaller, on a raised baseline."""
    path = tmp_path / "canvas.pdf"
    canvas = Canvas(str(path), pagesize=(595, 842))

    def line(y: float, text: str, font: str, size: float) -> None:
        pen = canvas.beginText(72, 842 - y)
        for part in text.split("|"):
            mark = part.startswith("^")
            pen.setFont(font, 0.65 * size if mark else size)
            pen.setRise(0.35 * size if mark else 0)
            pen.textOut(part.lstrip("^"))
        canvas.drawText(pen)

    line(90, TITLE, "Helvetica-Bold", 18)
    line(120, "Edda Brandt|^1,2| and Olaf Lindqvist|^2", "Helvetica-Bold", 13)
    line(138, "|^1| Cold Quay  |^2| Norland", "Helvetica", 9)
    line(170, "Field Work", "Helvetica-Bold", 13)
    for number, words in enumerate(PROSE.split(". ")):
        line(190 + 13 * number, words[:90], "Helvetica", 10)
    canvas.save()
    with Pdf.open(path) as pdf:
        page = read_page(pdf, 1)
    found = fuse(page, None, [], document_style([page]))
    heads = [page.cells[region.cells[0]].text for region in found if region.label == "section_header"]
    assert sorted(heads) == ["Field Work", TITLE]
