"""The figures that pages state as measured, and the results that they say they are from.

A comment in a page names the results of what follows, until the next heading or the next such comment:

    <!-- figures: cpu/throughput, recorded/cost -->
    <!-- no figures: settings -->

Each figure below the first must be what one of those results has, as far as it is written out; the second
says why numbers are no measurements. Figures are the numbers in the cells of a table, but for its first
column, and in a text decimals and what a unit follows. Numbers in code, links, names and dates are none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.harness.report import kept
from benchmarks.harness.result import Result

__all__ = ["ROOT", "Number", "Section", "Stated", "UnknownResultError", "pages", "sections", "untrue"]

ROOT = Path(__file__).resolve().parents[2]
_COMMENT = re.compile(r"<!-- (?P<no>no )?figures: (?P<what>.+?) -->")
_FENCE = "```"
_AWAY = re.compile(
    r"`[^`]{0,400}`|(?<=\])\([^)\s]{0,400}\)|https?://\S{1,400}|<[^>]{1,400}>"  # code, where links lead, HTML
    r"|\d{4}-\d\d(?:-\d\d)?|\b\d{1,9}(?:\.\d{1,9}){2,9}"  # dates, versions
    r"|(?<![\d.])\b(?=[0-9]*[a-f])(?=[a-f]*[0-9])[0-9a-f]{7,12}\b"  # commits
)
_NUMBER = re.compile(
    r"(?<![\w.,/@#:-])(?P<sign>[-+±−])?"
    r"(?P<digits>(?:\d{1,3}(?:,\d{3}){1,5}|\d{1,15})(?:\.\d{1,15})?|\.\d{1,15})(?![\w-]{0,40}[A-Za-z])(?!\.\d)"
)
_MEASURE = (
    r"(?:%|(?:CPU |GPU |wall |device )?(?:m?s|seconds?|milliseconds?|minutes?|hours?|core)\b"
    r"|(?:[kKMG]i?B|pages/s|pages a second|tables/s|USD|requests|times)\b)"
)
#: A unit at once, or after further numbers: `4 and 5 s`, `5.7 / 4.4 / 5.0 CPU seconds`.
_UNIT = re.compile(rf"(?:\s(?:to|and|or|/|by)\s[\d.,]+)*\s?{_MEASURE}")
_VERSION = re.compile(r"\b(?:Python|onnxruntime|Kubernetes|CUDA|Debian|docling|deltalake) \d+(?:\.\d+)*")


class UnknownResultError(Exception):
    """A page names a result that is not kept."""


@dataclass(frozen=True)
class Number:
    """A figure as it is written, and where: its line, and the row and column or the words before it."""

    text: str
    value: float
    step: float
    percent: bool
    line: int
    where: str

    def meets(self, value: float) -> bool:
        """Whether it is that value, rounded as it is written."""
        values = (value, 100 * value) if self.percent else (value,)
        signs = (1, -1) if self.text.startswith("±") else (1,)
        half = 0.5000001 * self.step
        return any(abs(sign * self.value - each) <= half for each in values for sign in signs)


@dataclass(frozen=True)
class Section:
    """What stands under one comment, or under one heading without any. `results` is None without one."""

    heading: str
    line: int
    results: tuple[str, ...] | None
    numbers: tuple[Number, ...]


@dataclass(frozen=True)
class Stated:
    """How many figures a page states, and how many of them are held against results."""

    all: int
    held: int
    uncovered: int


def sections(text: str) -> list[Section]:
    """A page by its headings and comments; those that say that they have no figures are left out."""
    plain = "\n".join(_unfenced(text.split("\n")))
    found: list[Section] = []
    heading, begun, results, skipped = "", 1, None, False
    numbers: list[Number] = []

    def end() -> None:
        if numbers and not skipped:
            found.append(Section(heading, begun, results, tuple(numbers)))
        numbers.clear()

    columns: list[str] = []
    paragraph: list[str] = []
    for line, words in enumerate([*plain.splitlines(), ""], 1):
        comment = _COMMENT.fullmatch(words.strip())
        if paragraph and (comment or not words.strip() or words.startswith(("#", "|", "    "))):
            numbers += _of_text("\n".join(paragraph), line - len(paragraph))
            paragraph.clear()
        if words.startswith("#"):
            end()
            heading, begun, results, skipped = words.lstrip("# "), line, None, False
        elif comment:
            end()
            begun, skipped = line, bool(comment["no"])
            results = None if skipped else tuple(name.strip() for name in comment["what"].split(","))
        elif words.startswith("|"):
            cells = [cell.strip() for cell in words.strip().strip("|").split("|")]
            if not columns:
                columns = cells
            numbers += _of_row(cells, columns, line)
            continue
        elif words.strip() and not words.startswith("    "):
            paragraph.append(words)
        columns = []
    end()
    return found


def pages(root: Path = ROOT) -> Mapping[str, Stated]:
    """What `README.md` and each page of `docs` states."""
    counts = {}
    for path in _paths(root):
        found = sections(path.read_text("utf-8"))
        everything = sum(len(section.numbers) for section in found)
        held = sum(len(section.numbers) for section in found if section.results is not None)
        counts[path.relative_to(root).as_posix()] = Stated(everything, held, everything - held)
    return counts


def untrue(root: Path = ROOT) -> Iterator[str]:
    """Every figure that none of the results has that its page names. Raises `UnknownResultError`."""
    results = {
        f"{machine}/{name}": result
        for machine, named in kept(root / "benchmarks" / "results").items()
        for name, result in named.items()
    }
    for path in _paths(root):
        page = path.relative_to(root).as_posix()
        for section in sections(path.read_text("utf-8")):
            if section.results is None:
                continue
            if lost := [name for name in section.results if name not in results]:
                raise UnknownResultError(f"{page}:{section.line}: no result {', '.join(lost)}")
            named = [results[name] for name in section.results]
            for number in section.numbers:
                if not _found(number, named):
                    where = f"{page}:{number.line}: {number.text} ({number.where})"
                    yield f"{where} is not in {', '.join(section.results)}"


def _found(number: Number, results: Sequence[Result]) -> bool:
    return any(
        value is not None and number.meets(value)
        for result in results
        for figure in result.figures
        for value in (figure.value, figure.least, figure.most)
    )


def _paths(root: Path) -> list[Path]:
    return [root / "README.md", *sorted((root / "docs").glob("*.md"))]


def _of_row(cells: Sequence[str], columns: Sequence[str], line: int) -> Iterator[Number]:
    for place, cell in enumerate(cells[1:], 1):
        column = columns[place] if place < len(columns) else ""
        if not columns or cells is not columns:
            for match in _NUMBER.finditer(_cleared(cell)):
                yield _number(match, line, _name(cells[0], column))


def _of_text(text: str, line: int) -> Iterator[Number]:
    plain = _cleared(text)
    for match in _NUMBER.finditer(plain):
        if "." in match["digits"] or _UNIT.match(plain, match.end()):
            before = " ".join([*plain[: match.start()].split()[-6:], "…"])
            yield _number(match, line + plain.count("\n", 0, match.start()), before)


def _unfenced(lines: Iterable[str]) -> Iterator[str]:
    """The lines, empty where they are of code between fences."""
    inside = False
    for line in lines:
        fence = line.startswith(_FENCE)
        yield "" if inside or fence else line
        inside ^= fence


def _cleared(text: str) -> str:
    """Without what is no figure; lines stay."""
    for pattern in (_AWAY, _VERSION):
        text = pattern.sub(lambda match: " " + "\n" * match[0].count("\n"), text)
    return text


def _number(match: re.Match[str], line: int, where: str) -> Number:
    digits = match["digits"].replace(",", "")
    sign = match["sign"] or ""
    value = float(digits) * (-1 if sign in ("-", "−") else 1)
    decimals = len(digits.partition(".")[2])
    percent = match.string[match.end() :].lstrip().startswith("%")
    return Number(sign + match["digits"], value, 10.0**-decimals, percent, line, where)


def _name(row: str, column: str) -> str:
    return ", ".join(part for part in (_words(row), _words(column)) if part)


def _words(text: str) -> str:
    return re.sub(r"[*`]|\]\([^)]{0,400}\)|\[", "", text).strip()
