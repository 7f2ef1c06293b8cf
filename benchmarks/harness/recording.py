"""Keeps figures that a page states and no result has: what was measured before results were kept.

It is for figures of old: each section becomes a result of the kind `recorded`, with the section's command,
its date, and the last commit that changed it, and the page is told its name. What is measured anew has a
result of its own.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from benchmarks.harness.result import RESULTS, Figure, Result, write
from benchmarks.harness.stated import ROOT, Number, Section, sections

__all__ = ["record_page"]

_COMMAND = re.compile(r"^(?:    |\| command \| `)(python -m benchmarks[^#`\n]*)", re.MULTILINE)
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def record_page(page: Path, results: Path = RESULTS, root: Path = ROOT) -> Iterator[Path]:
    """Record each section of a page that names no result, and name it there; the files that were written."""
    text = page.read_text("utf-8")
    lines = text.splitlines()
    named = page.resolve().relative_to(root).as_posix()
    uncovered = [section for section in sections(text) if section.results is None]
    for section in reversed(uncovered):
        name = f"{page.stem.lower()}-{_slug(section.heading)}".strip("-")
        path = results / "recorded" / f"{name}.json"
        own = _section(lines, section)
        changed = _last_change(page, sorted({number.line for number in section.numbers}))
        write(_result(name, section, own, text, named, changed), path)
        at = section.line if lines[section.line - 1].startswith("#") else section.line - 1
        lines[at:at] = ["", f"<!-- figures: recorded/{name} -->"][not at :]
        yield path
    page.write_text("\n".join(lines) + "\n", "utf-8")


def _result(name: str, section: Section, own: str, text: str, page: str, changed: tuple[str, str]) -> Result:
    commands = _COMMAND.findall(own) or _COMMAND.findall(text)
    dates = _DATE.findall(own) or _DATE.findall(text)
    return Result(
        name=name,
        measures=section.heading,
        kind="recorded",
        command=commands[0].strip() if commands else "",
        commit=changed[0],
        date=dates[-1] if dates else changed[1],
        source=page,
        figures=[_figure(number) for number in section.numbers],
    )


def _figure(number: Number) -> Figure:
    return Figure(number.where, number.value, "%" if number.percent else "")


def _section(lines: list[str], section: Section) -> str:
    """Its lines until the next heading."""
    own = lines[section.line - 1 : section.line]
    for line in lines[section.line :]:
        if line.startswith("#"):
            break
        own.append(line)
    return "\n".join(own)


def _last_change(page: Path, lines: Sequence[int]) -> tuple[str, str]:
    """The newest commit that any of these lines is of, and its day."""
    ranges = [word for line in lines for word in ("-L", f"{line},{line}")]
    command = ["git", "-C", str(page.parent), "blame", "--line-porcelain", *ranges, page.name]
    blamed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    commits = re.findall(r"^([0-9a-f]{40}) \d+ \d+", blamed, re.MULTILINE)
    times = [int(time) for time in re.findall(r"^committer-time (\d+)$", blamed, re.MULTILINE)]
    newest, commit = max(zip(times, commits, strict=True))
    return commit[:12], f"{datetime.fromtimestamp(newest).astimezone():%Y-%m-%d}"


def _slug(heading: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", heading.lower()).strip("-")
