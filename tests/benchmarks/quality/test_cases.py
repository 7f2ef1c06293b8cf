from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.quality.cases import Case, Verdict, judge, read_cases
from benchmarks.quality.engines.output import Output

LETTER = """## Notice

The first paragraph of the letter is here, and it has
two lines.

| Name | Sum |
|---|---|
| A    | 1-2 |

Yours"""


def verdict(expected: str, markdown: str) -> tuple[Verdict, str]:
    found = judge(Case("kind", Path("case.pdf"), expected), Output(markdown))
    return found.verdict, found.why


@pytest.mark.parametrize(
    "markdown",
    [
        LETTER,
        LETTER.replace("## ", "# "),
        LETTER.replace("it has\ntwo", "it has two"),
        LETTER.replace("it has\ntwo", "it has\n\ntwo"),  # the expected text has its line end there
        LETTER.replace("| A    | 1-2 |", "|A|1-2|"),
        "<!-- image -->\n\n" + LETTER,
    ],
)
def test_right(markdown: str) -> None:
    assert verdict(LETTER + "\n\n(in a second or so)", markdown) == (Verdict.RIGHT, "")


@pytest.mark.parametrize(
    ("markdown", "why"),
    [
        (
            LETTER.replace("letter", "leter").replace("here", "hear"),
            "1 of 4 are there; then not text The first",
        ),
        (LETTER.replace("## ", ""), "0 of 4 are there; then not heading Notice"),
        (LETTER.replace("1-2", "12"), "2 of 4 are there; then not table Name | Sum"),
        (LETTER.replace("| Name | Sum |\n|---|---|\n", ""), "then not table"),
        (LETTER.replace("the letter", "the\n\nletter"), "then not text The first"),
        (LETTER.replace("Yours", "```\nYours\n```"), "then not text Yours"),
        (LETTER.replace("Yours", ""), "then not text Yours"),
        (LETTER.replace("| Name", "Between.\n\n| Name"), "then not table"),
        (LETTER + "\n\n1", "more than is told"),
        ("1\n\n" + LETTER, "0 of 4"),
    ],
)
def test_wrong(markdown: str, why: str) -> None:
    found, said = verdict(LETTER, markdown)
    assert found is Verdict.WRONG
    assert why in said


def test_what_failed_is_wrong() -> None:
    case = Case("kind", Path("case.pdf"), LETTER)
    assert judge(case, Output(LETTER, failure="page 1: late")).verdict is Verdict.WRONG


def test_where_only_tables_are_expected_they_are_all_that_is_asked_for() -> None:
    table = "| a | b |\n|---|---|\n| | c |"
    assert verdict(table, f"# Title\n\n{table}\n\nWords")[0] is Verdict.RIGHT
    assert verdict(table, f"# Title\n\n{table.replace('| | c |', '| c | |')}")[0] is Verdict.WRONG


def test_cases_are_folders_with_a_pdf_and_what_is_expected(tmp_path: Path) -> None:
    for name in ("b", "a", "only-notes"):
        (tmp_path / name).mkdir()
    for name in ("a", "b"):
        (tmp_path / name / "case.pdf").write_bytes(b"%PDF-1.4\n")
        (tmp_path / name / "expected.md").write_text(name)
    cases, skipped = read_cases(tmp_path)
    assert [(case.kind, case.expected) for case in cases] == [("a", "a"), ("b", "b")]
    assert list(skipped) == ["only-notes"]
    assert read_cases(tmp_path / "a") == ([], {})
