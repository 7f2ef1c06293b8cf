"""What is told of a page: each kind of fault as it was once converted must be wrong."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from benchmarks.quality.cases import Case, Verdict, judge
from benchmarks.quality.engines.output import Output

ONE = "The committee met in the hall."
TWO = "A second point was the garden."
CJK = "本委员会于三月开会。大多数委员读过文件，因此只提出了问题。"


class Kind(msgspec.Struct, frozen=True):
    """What is expected, an output that people call right, and outputs that were once made."""

    expected: str
    right: str
    wrong: tuple[str, ...]


def table(*rows: str) -> str:
    """Markdown of rows given as their cells between bars."""
    head, *body = (f"| {row} |" for row in rows)
    return "\n".join([head, "|---" * rows[0].count("|") + "|---|", *body])


LEDGER = table("Date | Text | Sum", "02-Feb | Account 50055... | 58050160")
WINE = ("White | 0.125 l", "Riesling | 8.00", "Pinot | 10.00")
FLOWS = ("| 2022 | 2021", "Net income | 842 | 790", "Dividends | 150 | 140")
NOTICES = [f"{day}/06 | Company {day}" for day in range(1, 7)]
SURVEY = table("| Disagree | Agree", "The pace suited me well | 4 (9%) | 21 (51%)")

KINDS = {
    "scan": Kind(
        "Society\nOffice: 12 Mill Lane\n\nDear Sir,\n\nthank you. ... (the whole letter)",
        "Society Office: 12 Mill Lane\n\nDear Sir,\n\nthank you. Ours is old.\n\n1. One of its points",
        ("<!-- image -->", "Dear Sir,\n\nthank you. Ours is old."),
    ),
    "glued words": Kind(ONE, ONE, (ONE.replace("met in", "metin"),)),
    "upside down": Kind(
        "Schedule for 2023\nInterest income: 35.10",
        "## Schedule for 2023\n\nInterest income: 35.10",
        ("35.10 :incomeInterest\n\n2023for Schedule",),
    ),
    "vertical rules": Kind(
        "Keepers\n\n" + table("Place | Keeper", "North | A", "South | B"),
        f"{ONE}\n\nKeepers\n\n" + table("Place | Keeper", "North | A", "South | B") + f"\n\n{TWO}",
        (
            f"{ONE}\n\nKeepers\n\n" + table("Place | Keeper", "North South | A B") + f"\n\n{TWO}",
            f"{ONE}\n\nKeepers\n\nPlace\n\nNorth\n\nSouth\n\n<!-- image -->\n\n{TWO}",
        ),
    ),
    "stacked tables": Kind(
        "## Deliveries\n(table 2 columns, 1 rows)\n## Claims\n| Claim | Kind |\n(one row: No results)",
        "## Deliveries\n\n"
        + table("Line | Code", "1 | 71")
        + "\n\n## Claims\n\n"
        + table("Claim | Kind", "No results | No results"),
        (
            table("Deliveries | Deliveries", "Line | Code", "1 | 71", "Claim | Kind", "No results |"),
            "## Deliveries\n\n"
            + table("Line | Code", "1 | 71")
            + "\n\n## Claims\n\nClaim Kind\n\nNo results",
        ),
    ),
    "tables side by side": Kind(
        "### Parties\n| Issuer | Oak | ...\n### Assets\n| Kind | Count | ...",
        "## Parties\n\n"
        + table("Issuer | Oak", "Trustee | Bank")
        + "\n\n## Assets\n\n"
        + table("Kind | Count", "Loan | 1"),
        ("## Parties Assets\n\n" + table("Issuer | Oak | Kind | Count", "Trustee | Bank | Loan | 1"),),
    ),
    "first lines": Kind(
        "Mill Lane Works - No. 118\n\nTo: Stores\nDate: 3 May\n...",
        f"## Mill Lane Works - No. 118\n\nTo: Stores Date: 3 May Due: 2 June\n\n{ONE}\n\nTotal",
        (f"To: Stores Date: 3 May Due: 2 June\n\n{ONE}\n\nTotal",),
    ),
    "prose in Courier": Kind(f"## NOTICE\n\n{ONE}", f"# NOTICE\n\n{ONE}", (f"```\n{ONE}\n```",)),
    "no spaces in CJK": Kind(
        CJK + "... (no spaces)", CJK + CJK, (CJK.replace("，", "， "), CJK.replace("开会", "开 会"))
    ),
    "hyphens in numbers": Kind("No. 2024-0151.", "No. 2024-0151.", ("No. 20240151.",)),
    "double spaced": Kind(
        f"(the single-spaced paragraph)\n\n{ONE} {TWO}\n\n{TWO}",
        f"{TWO} {ONE}\n\n{ONE} {TWO}\n\n{TWO}",
        (
            f"{TWO} {ONE}\n\n{ONE}\n\n{TWO}\n\n{TWO}",
            f"{TWO} {ONE}\n\nThe committee met\n\nin the hall.\n\n{TWO}",
        ),
    ),
    "no map": Kind(
        f"{ONE}\n\n{TWO}\n\n(by OCR; or at least an issue in the outcome)",
        f"{ONE}\n\n{TWO}",
        ("7KH�FRPPLWWHH\n\n$�VHFRQG", f"��� ����.\n\n{ONE}\n\n{TWO}", f"{ONE}\n\n{TWO}\n\nA��� ����."),
    ),
    "annotations": Kind("Form\n\nName: Alex", "## Form\n\nName: Alex", ("## Form\n\nName:",)),
    "letters of ligatures": Kind("المصرح كتاب", "المصرح كتاب", ("املصرح كتاب",)),
    "clipped text": Kind(
        LEDGER,
        table("Date | Text | Sum", "02-Feb | Account 5005500 | 58050160"),
        (
            table("Date | Text | Sum", "02-Feb | Account 5005500 | 580 0160"),
            "- Date\n- 02-Feb\n- Text\n- Account 5005500\n- Sum\n- 58050160",
        ),
    ),
    "empty cells": Kind(
        table("Code | Place", "T-11 | A-12", " | B-07"),
        table("Code | Place", "T-11 | A-12", " | B-07"),
        (
            table("Code | Place", "T-11 | A-12", "T-12 | B-07"),
            table("Code | Place", "T-11 | A-12", "T-11 | B-07"),
        ),
    ),
    "labels and values": Kind(
        "## Wine\n\n" + table(*WINE[:2], "... | ..."),
        "## Wine\n\n" + table(*WINE) + "\n\n" + table("Red | 0.125 l", "Merlot | 9.00"),
        (
            "## Wine\n\n" + table(*WINE[:2]) + "\n\nPinot\n\n- 10.00",
            "## Wine\n\nWhite\n\nRiesling\n\nPinot\n\n0.125 l\n\n8.00\n\n10.00",
        ),
    ),
    "boxes": Kind(
        f"{ONE}\n\n```\nyard# show\n...\n```\n\n{TWO}",
        f"{ONE}\n\n```\nyard# show\n  row 1\n\n  exit\n```\n\n{TWO}",
        (
            f"{ONE}\n\n" + table("yard# show", "row 1", "exit") + f"\n\n{TWO}",
            f"{ONE}\n\n```\nrow 1\nexit\n```\n\n{TWO}",
        ),
    ),
    "contents": Kind(
        "## Contents\n\n| 1 | About |\n|---|---|\n| 2 | Print |\n...",
        "## Contents\n\n" + table("1 | About", "2 | Print", "6 | View"),
        ("## Contents\n\nAbout\n\n1\n\nPrint\n\n2", "## Contents\n\n1\n\nAbout\n\n2\n\nPrint\n\n6\n\nView"),
    ),
    "line numbers": Kind(
        "AB12 (header)\n\ngardens of the town ... at the gate.\n\n(2) Within ten days.",
        "gardens of the town are open at the gate.\n\n- (2) Within ten days.",
        (
            "```\n1\n2\n3\n```\n\n```\ngardens of the town are open at the gate.\n(2) Within ten days.\n```",
            "1\n\n2\n\n3\n\ngardens of the town are open at the gate.\n\n(2) Within ten days.",
            table("1 | gardens of the town are open", "2 | at the gate.", "3 | (2) Within ten days."),
        ),
    ),
    "data table": Kind(
        table(*FLOWS[:2]) + "\n...",
        f"## Flows\n\n{table(*FLOWS)}\n\n{ONE}",
        (
            "## Flows\n\n" + table("Net income .... | 842", "Dividends .... | 150"),
            "## Flows\n\n" + table("Net income ... 842 790", "Dividends ... 150 140"),
        ),
    ),
    "big and small": Kind(
        "## Garden Days\n\nMay 3 to 5",
        f"## Garden Days\n\nMay 3 to 5\n\n{ONE}",
        (f"## May 3 to 5 Garden Days\n\n{ONE}", f"## Garden Days May 3 to 5\n\n{ONE}"),
    ),
    "formulas": Kind(
        "The sum is\n\n$$\\sum_{k=1}^{n} k = \\frac{n(n+1)}{2}$$\n\n(or at least the symbols as text)",
        "The sum is\n\n∑ 𝑘 = 𝑛 𝑘=1 𝑛(𝑛 + 1) 2\n\nand so on.",
        ("The sum is\n\n<!-- formula-not-decoded -->\n\nand so on.\n\n1\n\n0",),
    ),
    "table over pages": Kind(
        "One table with the heads Day, Company and 6 rows (or three, none with a data row for its head).",
        f"## Report\n\n{table('Day | Company', *NOTICES)}\n\nPage 2",
        (
            table("Day | Company", *NOTICES[:3]) + "\n\n" + table(*NOTICES[3:]),
            table("Day | Company", *NOTICES[:5]),
        ),
    ),
    "stamps": Kind(
        "(two paragraphs, none parted; the stamp on its own or not at all)",
        f"{ONE}\n\n31-12-2024 17:01\n\n{TWO}",
        (
            f"{ONE}\n\nA second point\n\n31-12-2024 17:01 was the garden.",
            f"{ONE}\n\nA second point\n\n## DRAFT\n\nwas the garden.",
            f"{ONE}\n\n## A note: A second point was the garden.",
        ),
    ),
    "wrapped rows": Kind(
        "## Results\n(paragraph)\n|  | Disagree | Agree |\n"
        "| The pace suited me well | 4 (9%) | 21 (51%) |\n(paragraph)",
        f"## Results\n\n{ONE}\n\n{SURVEY}\n\n{TWO}",
        (
            f"## Results\n\n{ONE}\n\n"
            + table("| Dis- agree | Agree", "The pace suited me well | 4 (9%) | 21 (51%)")
            + f"\n\n{TWO}",
            f"## Results\n\n{ONE}\n\n"
            + table("| Disagree | Agree", "The pace | 4 (9%) | 21", "suited me well | | (51%)")
            + f"\n\n{TWO}",
        ),
    ),
}


def verdict(expected: str, markdown: str) -> Verdict:
    """Of an output of one case."""
    return judge(Case("kind", Path("case.pdf"), expected), Output(markdown)).verdict


@pytest.mark.parametrize("kind", KINDS)
def test_what_people_call_right_is_right(kind: str) -> None:
    assert verdict(KINDS[kind].expected, KINDS[kind].right) is Verdict.RIGHT


@pytest.mark.parametrize(
    ("kind", "number"), [(name, at) for name in KINDS for at in range(len(KINDS[name].wrong))]
)
def test_what_was_once_made_of_it_is_wrong(kind: str, number: int) -> None:
    assert verdict(KINDS[kind].expected, KINDS[kind].wrong[number]) is Verdict.WRONG


def test_where_only_tables_are_told_anything_but_tables_may_stand_around() -> None:
    one = table("a | b", " | c")
    assert verdict(one, f"# Title\n\n{one}\n\nWords") is Verdict.RIGHT
    assert verdict(one, f"# Title\n\n{one}\n\nWords\n\n{one}") is Verdict.WRONG


def test_a_cell_that_is_empty_may_hold_what_it_is_spanned_by() -> None:
    assert verdict(table("a | b", "c |"), table("a | b", "c | c")) is Verdict.RIGHT
    assert verdict(table("a | b", "c |"), table("a | b", "c | b")) is Verdict.WRONG


def test_what_a_program_does_not_understand_is_to_look_at() -> None:
    assert verdict("(all of the letter)", ONE) is Verdict.LOOK
