"""Tables beside each other, stacked, in boxes and without rules: which regions a page's geometry gives."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from docmill.pipeline.convert.layout.detectors.cdla import Detection
from docmill.pipeline.convert.layout.fusion import fuse
from docmill.pipeline.convert.pdf.page_reader import read_page
from docmill.pipeline.convert.pdf.pdf import Pdf
from docmill.pipeline.convert.types import Box, Cluster, PageContent
from tests.convert.layout.regions.tables.table_pages import Sheet, table_page

REGULAR, BOLD = "Helvetica", "Helvetica-Bold"
DELIVERIES = [
    "Line|Code|Place|Text|Count",
    "1|71|North|Oak boards|40",
    "2|72|North|Pine|52",
    "3|73|South|Ash|18",
]
CLAIMS = [
    "Claim|Kind|Date|Sum|State|Owner",
    "12|fire|2024-03-02|120.00|open|A. Sample",
    "13|hail|2024-04-02|90.00|shut|B. Miller",
]
PAPERS = [
    "Kind of paper|Name|Sent by|Changed",
    "letter|Offer 7|C. Ortega|2024-03-02",
    "plan|Ground floor|D. Novak|2024-05-11",
]
PROSE = [
    "The",
    "committee",
    "met",
    "in",
    "the",
    "small",
    "hall",
    "and",
    "went",
    "through",
    "the",
    "figures",
    "of",
    "the",
    "past",
    "year.",
    "Most",
    "members",
    "had",
    "read",
    "the",
    "papers",
    "beforehand",
    "and",
    "asked",
    "only",
    "short",
    "questions.",
    "The",
    "treasurer",
    "explained",
    "why",
    "heating",
    "had",
    "cost",
    "more",
    "than",
    "planned",
    "and",
    "what",
    "had",
    "been",
    "done",
    "about",
    "it",
    "since.",
    "It",
    "was",
    "agreed",
    "to",
    "ask",
    "for",
    "two",
    "further",
    "offers.",
]


def put(
    sheet: Sheet,
    x: float,
    y: float,
    lefts: Sequence[float],
    rows: Sequence[str],
    *,
    size: float = 9,
    pitch: float = 16,
    rules: str = "",
    width: float = 460,
    right: Sequence[int] = (),
    bold: bool = True,
) -> float:
    """Set a table: `rules` has `-` for rules between rows, `|` between columns, `=` around its heads."""
    for at, row in enumerate(rows):
        for column, (left, text) in enumerate(zip(lefts, row.split("|"), strict=False)):
            font = BOLD if bold and at == 0 else REGULAR
            ends = [*lefts[1:], width]
            place = x + ends[column] - 8 if column in right else x + left
            sheet.text(place, y + at * pitch + 11, text, font, size, "r" if column in right else "l")
    bottom = y + len(rows) * pitch
    levels = [y + at * pitch for at in range(len(rows) + 1)]
    drawn = levels if "-" in rules else [levels[0], levels[1], bottom] if "=" in rules else []
    for level in drawn:
        sheet.rule(x - 4, level, x + width, level)
    if "|" in rules:
        for edge in (-4, *(left - 4 for left in lefts[1:]), width):
            sheet.rule(x + edge, y, x + edge, bottom)
    return bottom


def paragraph(sheet: Sheet, x: float, y: float, words: int, count: int, size: float = 10) -> float:
    lines = [" ".join((PROSE * 9)[at * words : (at + 1) * words]) for at in range(count)]
    for at, line in enumerate(lines):
        sheet.text(x, y + 10 + at * 1.2 * size, line, "Times-Roman", size)
    return y + 1.2 * size * count


def read(sheet: Sheet, tmp_path: Path) -> PageContent:
    path = tmp_path / "page.pdf"
    path.write_bytes(sheet.pdf())
    with Pdf.open(path) as pdf:
        return read_page(pdf, 1)


def tables(page: PageContent) -> list[str]:
    """The texts of each table region, in order from the top."""
    regions = sorted(
        (r for r in fuse(page, None, []) if r.label == "table"), key=lambda r: (r.box.t, r.box.l)
    )
    return [texts(page, region) for region in regions]


def texts(page: PageContent, region: Cluster) -> str:
    return " ".join(cell.text for cell in page.cells if cell.box.inside(region.box) > 0.6)


def columns(rows: Sequence[str]) -> str:
    return " ".join(rows).replace("|", " ")


STACK = (
    (DELIVERIES, (0, 60, 150, 240, 420)),
    (CLAIMS, (0, 70, 150, 230, 320, 390)),
    (PAPERS, (0, 140, 280, 370)),
)


class TestStacked:
    @pytest.mark.parametrize("rules", ["-|", "-", "=", ""])
    @pytest.mark.parametrize("gap", [14, 24, 44])
    @pytest.mark.parametrize("ruled_heading", [False, True])
    def test_with_headings_between(
        self, tmp_path: Path, rules: str, gap: float, *, ruled_heading: bool
    ) -> None:
        sheet, y = Sheet(), 60.0
        for name, (rows, lefts) in zip(("Deliveries", "Open claims", "Papers"), STACK, strict=True):
            sheet.text(60, y + 10, name, BOLD, 11)
            if ruled_heading:
                sheet.rule(56, y + 13, 520, y + 13)
            y = put(sheet, 60, y + 22, lefts, rows, rules=rules) + gap
        page = read(sheet, tmp_path)
        assert sorted(tables(page)) == sorted(columns(rows) for rows, _ in STACK)

    @pytest.mark.parametrize("rules", ["-|", "-", "=", ""])
    def test_without_headings(self, tmp_path: Path, rules: str) -> None:
        sheet, y = Sheet(), 60.0
        for rows, lefts in STACK:
            y = put(sheet, 60, y, lefts, rows, rules=rules) + 30
        assert len(tables(read(sheet, tmp_path))) == 3

    def test_a_caption_between_the_same_columns(self, tmp_path: Path) -> None:
        sheet, y = Sheet(), 60.0
        for number in (1, 2):
            sheet.text(60, y + 10, f"Table {number}: Deliveries of the year", REGULAR, 9)
            y = put(sheet, 60, y + 18, STACK[0][1], DELIVERIES) + 12
        assert len(tables(read(sheet, tmp_path))) == 2

    @pytest.mark.parametrize("rules", ["-|", "-", ""])
    def test_sections_within_one_table_do_not_part_it(self, tmp_path: Path, rules: str) -> None:
        rows = [*DELIVERIES, "Second quarter", *DELIVERIES[1:], "Third quarter", *DELIVERIES[1:]]
        sheet = Sheet()
        put(sheet, 60, 60, STACK[0][1], rows, rules=rules.replace("|", ""))
        assert tables(read(sheet, tmp_path)) == [columns(rows)]

    def test_a_blank_line_every_few_rows_does_not_part_it(self, tmp_path: Path) -> None:
        sheet = Sheet()
        y = put(sheet, 60, 60, STACK[0][1], DELIVERIES)
        for _ in range(3):
            y = put(sheet, 60, y + 12, STACK[0][1], DELIVERIES[1:], bold=False)
        assert len(tables(read(sheet, tmp_path))) == 1


class TestBeside:
    @pytest.mark.parametrize("gutter", [12, 24, 60])
    def test_rules_that_end_at_the_gutter(self, tmp_path: Path, gutter: float) -> None:
        sheet = Sheet()
        put(
            sheet,
            60,
            80,
            (0, 90),
            ["Issuer|Oak Loans", "Trustee|Town Bank", "Rating|AA", "Dated|2024-02-14"],
            width=180,
            rules="-",
            bold=False,
        )
        put(
            sheet,
            60 + 180 + gutter,
            80,
            (0, 80, 130),
            ["Kind|Count|Value", "late|1|31,000.00", "term|88|120,400.10"],
            width=200,
            rules="-",
        )
        assert len(tables(read(sheet, tmp_path))) == 2

    @pytest.mark.parametrize("notes", [(), (1, 4), (1, 2, 4, 6)])
    def test_the_figures_of_a_statement_are_no_table_of_their_own(
        self, tmp_path: Path, notes: Sequence[int]
    ) -> None:
        names = ["Assets", "Land", "Machines", "Total assets", "Loans", "Wages", "Rents", "Total debts"]
        rows = ["|Note|2023|2022"]
        for at, name in enumerate(names):
            figures = "|" if at == 0 else f"{18 + at},420|{17 - at},965"
            rows.append(f"{name}|{at + 3 if at in notes else ''}|{figures}")
        sheet = Sheet()
        put(sheet, 60, 80, (0, 250, 300, 380), rows, right=(2, 3))
        page = read(sheet, tmp_path)
        hit = Detection("table", "table", 0.8, Box(56, 78, 524, 226))
        found = [region for region in fuse(page, None, [hit]) if region.label == "table"]
        assert [texts(page, region) for region in found] == [" ".join(columns(rows).split())]

    @pytest.mark.parametrize("count", [2, 3])
    def test_titles_over_tables_beside_each_other_are_headings(self, tmp_path: Path, count: int) -> None:
        sheet = Sheet()
        rows = ["Class|Sum|Rate", "A-1|256,000|5.10", "B-1|24,000|5.70", "C|8,000|6.10"]
        for at, title in zip(range(count), ("Loans", "Bonds", "Shares"), strict=False):
            sheet.text(40 + 172 * at, 70, title, BOLD, 10)
            put(sheet, 40 + 172 * at, 80, (0, 60, 120), rows, width=160, size=7.5, pitch=12, rules="-")
        page = read(sheet, tmp_path)
        labels = [region.label for region in fuse(page, None, [])]
        assert sorted(labels) == ["section_header"] * count + ["table"] * count

    @pytest.mark.parametrize("shaded", [False, True])
    def test_a_table_that_is_drawn_cell_by_cell_is_one(self, tmp_path: Path, *, shaded: bool) -> None:
        sheet, lefts, ends = Sheet(), (0, 150, 200, 250, 300), (140, 190, 240, 290, 340)
        names = ["The pace of the talks", "The rooms and the food", "The guides of the tour", "All of it"]
        for at, name in enumerate(names):
            top = 100 + 30 * at
            for edge, end in zip(lefts, ends, strict=True):
                if shaded and at % 2 == 0:
                    sheet.shade(Box(56 + edge, top, 66 + end, top + 30), 0.9)
                elif not shaded and at == 0:
                    for level in (100, 220):
                        sheet.rule(56 + edge, level, 66 + end, level)
            sheet.text(60, top + 11, name, REGULAR, 9)
            sheet.text(60, top + 23, "suited me well", REGULAR, 9)
            for column, left in enumerate(lefts[1:]):
                sheet.text(60 + left, top + 17, str(7 + 3 * column + at), REGULAR, 9)
        page = read(sheet, tmp_path)
        hit = Detection("table", "table", 0.9, Box(54, 98, 410, 222))
        found = [region for region in fuse(page, None, [hit]) if region.label == "table"]
        assert len(found) == 1
        assert len(texts(page, found[0]).split()) == len(page.words)

    def test_three_tables_of_which_a_detection_takes_two(self, tmp_path: Path) -> None:
        sheet = Sheet()
        rows = ["Class|Sum|Rate", "A-1|256,000|5.10", "B-1|24,000|5.70", "C|8,000|6.10"]
        for at in range(3):
            put(sheet, 40 + 172 * at, 80, (0, 60, 120), rows, width=160, size=7.5, pitch=12, rules="-")
        page = read(sheet, tmp_path)
        hit = Detection("table", "table", 0.8, Box(34, 78, 374, 130))
        found = [region for region in fuse(page, None, [hit]) if region.label == "table"]
        assert [texts(page, region) for region in found] == [columns(rows)] * 3

    @pytest.mark.parametrize("size", [7.5, 9])
    def test_titles_and_another_number_of_rows(self, tmp_path: Path, size: float) -> None:
        sheet = Sheet()
        sheet.text(60, 76, "Parties", BOLD, 10)
        sheet.text(284, 76, "Assets", BOLD, 10)
        put(
            sheet,
            60,
            80,
            (0, 90),
            [
                f"{name}|{n},000"
                for n, name in enumerate(("Issuer", "Trustee", "Manager", "Rating", "Closing"), 1)
            ],
            width=200,
            size=size,
            right=(1,),
            bold=False,
        )
        put(
            sheet,
            284,
            80,
            (0, 80, 130),
            ["Kind|Count|Value", "late|1|31,000.00", "term|88|120,400.10"],
            width=200,
            size=size,
            right=(1, 2),
        )
        assert len(tables(read(sheet, tmp_path))) == 2

    @pytest.mark.parametrize("rules", ["-", "=", "-|"])
    def test_a_wide_gap_under_rules_that_cross_it(self, tmp_path: Path, rules: str) -> None:
        sheet = Sheet()
        put(
            sheet,
            60,
            80,
            (0, 60, 330, 400),
            ["Item|Kind|Count|Sum", "Oak|raw|12|1,200", "Ash|cut|15|1,900", "Fir|raw|2|90"],
            rules=rules,
        )
        assert len(tables(read(sheet, tmp_path))) == 1

    def test_names_far_from_their_figures(self, tmp_path: Path) -> None:
        sheet = Sheet()
        put(
            sheet,
            60,
            80,
            (0, 80, 330, 400),
            ["Item|Kind|Count|Sum", "Oak|raw|12|1,200", "Ash|cut|15|1,900", "Fir|raw|2|90", "Elm|raw|7|340"],
            right=(2, 3),
        )
        assert len(tables(read(sheet, tmp_path))) == 1


class TestRulesBetweenColumnsOnly:
    @pytest.mark.parametrize("rows", [3, 8])
    @pytest.mark.parametrize("edges", [(0, 150, 300), (0, 90, 180, 270, 360)])
    def test_is_a_table(self, tmp_path: Path, rows: int, edges: Sequence[float]) -> None:
        sheet = Sheet()
        words = ["Place|Keeper|Day|Hour|Key", *["North hall|A. Sample|Monday|9 am|brass"] * rows]
        put(sheet, 60, 80, edges, ["|".join(row.split("|")[: len(edges)]) for row in words])
        for edge in edges[1:]:
            sheet.rule(60 + edge - 6, 80, 60 + edge - 6, 80 + 16 * (rows + 1))
        page = read(sheet, tmp_path)
        assert len(tables(page)) == 1
        assert not [region for region in fuse(page, None, []) if region.label == "picture"]

    def test_a_rule_between_columns_of_prose_makes_none(self, tmp_path: Path) -> None:
        sheet = Sheet()
        paragraph(sheet, 60, 80, 9, 10)
        paragraph(sheet, 310, 80, 9, 10)
        sheet.rule(300, 76, 300, 210)
        assert not tables(read(sheet, tmp_path))


class TestNoTables:
    @pytest.mark.parametrize("frame", ["box", "rule", "shade", "none"])
    @pytest.mark.parametrize("kind", ["prose", "columns", "lists", "code", "address", "resume"])
    def test_text(self, tmp_path: Path, frame: str, kind: str) -> None:
        sheet = Sheet()
        if frame == "shade":
            sheet.shade(Box(50, 70, 545, 240), 0.9)
        if kind == "prose":
            paragraph(sheet, 60, 80, 14, 9)
        elif kind == "columns":
            paragraph(sheet, 60, 80, 8, 10)
            paragraph(sheet, 310, 80, 8, 10)
        elif kind == "lists":
            for at in range(8):
                for x in (60, 310):
                    sheet.text(x, 90 + at * 14, "\u2022", REGULAR, 10)
                    sheet.text(x + 12, 90 + at * 14, " ".join(PROSE[at : at + 3 + at % 3]), REGULAR, 10)
        elif kind == "code":
            for at, line in enumerate(
                ["set garden px 3/a2", "show", "row 1 plant", "bed 3/a2/5/c7/9", "no watering", "exit"]
            ):
                sheet.text(60 + 12 * (at % 3), 90 + at * 11, line, "Courier", 8)
        elif kind == "address":
            for at, line in enumerate(
                ["Green Credit LLC|Town Bank", "7 North Street|Office 40", "12345 Anytown|54321 Othertown"]
            ):
                for x, text in zip((60, 320), line.split("|"), strict=True):
                    sheet.text(x, 90 + at * 13, text, REGULAR, 10)
        else:
            for at, line in enumerate(
                [
                    "Work",
                    "Clerk of works at the harbour",
                    "Kept the ledger of the council",
                    "Schools",
                    "Town school, with honours",
                    "Languages: French, Dutch",
                ]
            ):
                sheet.text(60, 90 + at * 16, line, BOLD if at in (0, 3) else REGULAR, 10)
        if frame == "box":
            for edge in ((50, 70, 545, 70), (50, 240, 545, 240), (50, 70, 50, 240), (545, 70, 545, 240)):
                sheet.rule(*edge)
        elif frame == "rule":
            sheet.rule(50, 240, 545, 240)
        assert not tables(read(sheet, tmp_path))


class TestNamesAndValues:
    def test_a_list_with_prices_at_its_right(self, tmp_path: Path) -> None:
        sheet = Sheet()
        lines = [
            "Riesling",
            "Dry, Mill Hill 2021|8.00",
            "Pinot",
            "Blanc, Old Garden 2022|10.00",
            "Upper Field 2020|13.00",
            "Rose",
            "Lower Field 2022|7.50",
        ]
        put(sheet, 72, 80, (0, 380), lines, right=(1,), width=450, size=10.5, bold=False)
        assert tables(read(sheet, tmp_path)) == [columns(lines)]

    def test_names_with_colons_in_two_columns(self, tmp_path: Path) -> None:
        lines = [
            "Invoice:|Q-17|Ordered by:|A. Sample",
            "Date:|today|Paid by:|Town Bank",
            "Terms:|net|Sent to:|North hall",
        ]
        sheet = Sheet()
        put(sheet, 60, 80, (0, 80, 240, 330), lines, bold=False)
        assert tables(read(sheet, tmp_path)) == [columns(lines)]

    def test_a_pay_slip(self, tmp_path: Path) -> None:
        lines = [
            "Basic pay|2,100.00|Income tax|310.20",
            "Overtime|140.50|Pension|88.00",
            "Bonus|75.00|Union|12.00",
            "Travel|31.00|Canteen|44.10",
        ]
        sheet = Sheet()
        put(sheet, 60, 80, (0, 120, 240, 360), lines, bold=False, right=(1, 3))
        assert tables(read(sheet, tmp_path)) == [columns(lines)]

    @pytest.mark.parametrize("bold", [False, True])
    def test_names_over_their_values(self, tmp_path: Path, *, bold: bool) -> None:
        lines = ["Claim #|Policy #|Phone|Branch", "SF-1008|POL-2022-555|555-0100|North"]
        sheet = Sheet()
        put(sheet, 60, 80, (0, 110, 240, 340), lines, bold=bold, pitch=13)
        assert tables(read(sheet, tmp_path)) == [columns(lines)]


class TestLeaders:
    @pytest.mark.parametrize("years", [2, 3, 5])
    @pytest.mark.parametrize("size", [8, 10])
    def test_figures_after_dots_are_data(self, tmp_path: Path, years: int, size: float) -> None:
        sheet = Sheet()
        names = ("Net income", "Depreciation", "Change in stock", "Cash from operations", "Purchase of plant")
        for at, name in enumerate(names):
            sheet.text(60, 100 + 16 * at, name + " " + "." * (60 - len(name)), REGULAR, size)
            for year in range(years):
                sheet.text(
                    330 + 45 * year, 100 + 16 * at, f"{(at + 3) * (97 - 13 * year)}", REGULAR, size, "r"
                )
        page = read(sheet, tmp_path)
        found = [region for region in fuse(page, None, []) if region.label in {"table", "document_index"}]
        assert [region.label for region in found] == ["table"]
        assert names[0] in texts(page, found[0])

    def test_pages_after_dots_are_contents(self, tmp_path: Path) -> None:
        sheet = Sheet()
        for at, page_number in enumerate((1, 4, 9, 17, 23)):
            sheet.text(60, 100 + 16 * at, f"{at + 1} {PROSE[at]} {PROSE[at + 4]} " + "." * 60, REGULAR, 10)
            sheet.text(500, 100 + 16 * at, str(page_number), REGULAR, 10, "r")
        found = fuse(read(sheet, tmp_path), None, [])
        assert "document_index" in {region.label for region in found}
        assert "table" not in {region.label for region in found}


NAMED = ["Owner|Reed and Sons", "Bank|Old Mill Bank", "Agent|P. Wells", "Town|Anytown"]
ROOMS = ["Room|Area|Rent", "Hall|120|840", "Shop|64|610", "Attic|31|205", "Cellar|18|90"]


class TestBesideUnderTitles:
    @pytest.mark.parametrize("rules", ["-|", "-", ""])
    @pytest.mark.parametrize("gutter", [24, 44])
    @pytest.mark.parametrize("text_below", [False, True])
    def test_titles_on_one_line(self, tmp_path: Path, rules: str, gutter: float, *, text_below: bool) -> None:
        sheet = Sheet()
        sheet.text(60, 50, "What the house is let for", BOLD, 15)
        right = 60 + 190 + gutter
        for x, title in ((60, "Owners"), (right, "Rooms")):
            sheet.text(x, 80, title, BOLD, 11)
        put(sheet, 60, 86, (0, 80), NAMED, width=190, rules=rules, bold=False)
        y = put(sheet, right, 86, (0, 80, 140), ROOMS, width=190, rules=rules)
        if text_below:
            paragraph(sheet, 60, y + 12, 14, 4)
        page = read(sheet, tmp_path)
        assert sorted(tables(page)) == sorted((columns(NAMED), columns(ROOMS)))
        heads = [texts(page, region) for region in fuse(page, None, []) if region.label == "section_header"]
        assert sorted(heads) == ["Owners", "Rooms", "What the house is let for"]


class TestUprightRules:
    ROWS = (
        "Place|Keeper|Day",
        "North hall|A. Sample|Monday",
        "East gate|C. Sample|Friday",
        "Mill|B. Reed|Sunday",
    )

    @pytest.mark.parametrize("lefts", [(0, 140, 280), (0, 56, 110)])
    @pytest.mark.parametrize("cell_by_cell", [False, True])
    def test_between_columns(self, tmp_path: Path, lefts: Sequence[int], *, cell_by_cell: bool) -> None:
        sheet = Sheet()
        bottom = put(sheet, 60, 80, lefts, self.ROWS, width=lefts[-1] + 60)
        for left in lefts[1:]:
            for at in range(4) if cell_by_cell else (0,):
                end = 80 + 16 * (at + 1) if cell_by_cell else bottom
                sheet.rule(60 + left - 4, 80 + 16 * at, 60 + left - 4, end)
        paragraph(sheet, 60, bottom + 14, 14, 4)
        assert tables(read(sheet, tmp_path)) == [columns(self.ROWS)]

    def test_between_words_and_their_meanings(self, tmp_path: Path) -> None:
        rows = [
            "Word|Meaning",
            "oar|What a boat is rowed with",
            "keel|The lowest part of a boat",
            "bow|Its front",
        ]
        sheet = Sheet()
        bottom = put(sheet, 60, 80, (0, 120), rows, width=300)
        sheet.rule(170, 80, 170, bottom)
        assert tables(read(sheet, tmp_path)) == [columns(rows)]

    def test_between_columns_of_text(self, tmp_path: Path) -> None:
        sheet = Sheet()
        for x in (60, 320):
            paragraph(sheet, x, 80, 8, 9)
        sheet.rule(305, 78, 305, 190)
        assert tables(read(sheet, tmp_path)) == []


def test_a_table_found_by_itself_and_as_a_part(tmp_path: Path) -> None:
    """A detection over two tables may miss the heads of the first, which another one has."""
    sheet = Sheet()
    sheet.shade(Box(56, 80, 400, 96), 0.85)
    y = put(sheet, 60, 80, (0, 120, 240), ROOMS, width=340)
    sheet.text(60, y + 24, "Owners", BOLD, 11)
    put(sheet, 60, y + 30, (0, 160), NAMED, width=340, bold=False)
    page = read(sheet, tmp_path)
    hits = [
        Detection("table", "table", 0.8, Box(52, 98, 404, y + 100)),
        Detection("table", "table", 0.5, Box(52, 78, 404, y + 2)),
    ]
    found = [texts(page, region) for region in fuse(page, None, hits) if region.label == "table"]
    assert columns(ROOMS) in found


def test_generated_pages(tmp_path: Path) -> None:
    """Seeds that no rule was made in sight of: tables are found where they are, and nothing else is one."""
    hits = known = found = 0
    for seed in range(5000, 5030):
        sheet = table_page(seed)
        path = tmp_path / f"{seed}.pdf"
        path.write_bytes(sheet.pdf)
        with Pdf.open(path) as pdf:
            page = read_page(pdf, 1)
        regions = [region for region in fuse(page, None, []) if region.label == "table"]
        known, found = known + len(sheet.tables), found + len(regions)
        hits += sum(any(region.box.iou(box) > 0.6 for region in regions) for box in sheet.tables)
    assert 2 * hits / (known + found) > 0.9
