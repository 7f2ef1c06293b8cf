"""`benchmarks/REPORT.md` and its pictures: what kept results say, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.harness.drawing import draw
from benchmarks.harness.result import RESULTS, Figure, Result, read

__all__ = ["REPORT", "kept", "made", "shown", "write_report"]

REPORT = RESULTS.parent / "REPORT.md"
_RECORDED = "recorded"
#: After what was measured.
_LAST = ("calculated", "simulated")
_DIGITS = 4
_HEAD = """\
# Report

Made by `python -m benchmarks report` of the results in `benchmarks/results`; `make bench` measures anew.
What the commands do, and how figures are read: [docs/benchmarks.md](../docs/benchmarks.md). A value is the
median of its rounds. A ratio holds two sides against each other that ran in turn, and is the median of the
rounds' own ratios.
"""
_COLUMNS = ("| | value | | least to most | rounds | ratio of |", "|---|---|---|---|---|---|")
_RECORDED_HEAD = """\
## Recorded

Figures of pages that were measured before results were kept, or on other machines: each with its page, and
with the last commit that changed it there.

| result | figures | date | commit | page | command |
|---|---|---|---|---|---|
"""


def kept(folder: Path = RESULTS) -> Mapping[str, Mapping[str, Result]]:
    """All kept results by kind of machine and name. Raises `FormError`."""
    found: dict[str, dict[str, Result]] = {}
    for path in sorted(folder.glob("*/*.json")):
        found.setdefault(path.parent.name, {})[path.stem] = read(path)
    return found


def made(results: Mapping[str, Mapping[str, Result]]) -> dict[str, str]:
    """The report and its pictures, by their paths below `benchmarks`."""
    pictures = {
        path: draw(curve)
        for machine, named in results.items()
        for name, result in named.items()
        for path, curve in zip(_pictures(machine, name, result), result.curves, strict=True)
    }
    return {REPORT.name: _report(results), **pictures}


def write_report(folder: Path = RESULTS) -> None:
    """Write the report and its pictures beside the results; pictures of results that are gone go."""
    files = made(kept(folder))
    for picture in folder.glob("*/*.svg"):
        if picture.relative_to(folder.parent).as_posix() not in files:
            picture.unlink()
    for path, text in files.items():
        (folder.parent / path).write_text(text, "utf-8")


def _report(results: Mapping[str, Mapping[str, Result]]) -> str:
    parts = [_HEAD]
    for machine in sorted(results.keys() - {_RECORDED}, key=lambda each: (each in _LAST, each)):
        parts.append(f"## {machine}\n")
        parts += [_section(machine, name, result) for name, result in results[machine].items()]
    if recorded := results.get(_RECORDED):
        rows = "".join(f"| {' | '.join(_row(name, result))} |\n" for name, result in recorded.items())
        parts.append(_RECORDED_HEAD + rows)
    return "\n".join(parts)


def _section(machine: str, name: str, result: Result) -> str:
    text = [f"### {name}\n", f"{_sentence(result.measures)} {', '.join(_where(result))}.\n"]
    text.append(f"    {result.command}\n")
    if result.noise and result.noise.warnings:
        text.append(f"**Not a quiet machine**: {'; '.join(result.noise.warnings)}.\n")
    rows = [f"| {' | '.join(_figure(figure))} |" for figure in result.figures]
    table = [*_COLUMNS, *rows, ""]
    if machine in _LAST:
        table = [f"<details><summary>{len(rows)} figures</summary>\n", *table, "</details>\n"]
    text += table
    for path, curve in zip(_pictures(machine, name, result), result.curves, strict=True):
        text.append(f"![{curve.title}]({path})\n")
    return "\n".join(text)


def _where(result: Result) -> Iterator[str]:
    yield result.kind.capitalize()
    if result.machine:
        yield f"{result.machine.cores} cores of {result.machine.cpu}"
        yield f"{result.machine.memory_gib:g} GiB"
        yield " and ".join(result.devices) or "no GPU"
        yield result.machine.system
        yield f"Python {result.machine.python}"
        yield from (f"{package} {version}" for package, version in result.machine.versions.items())
    if result.seconds:
        yield f"{result.seconds:.0f} s"
    if result.noise:
        load = ", ".join(f"{each:.2f}" for each in result.noise.load_start)
        yield f"load at the start {load}"
        yield f"others {result.noise.others_cores:.2f} cores"
        yield f"a fixed loop ±{50 * result.noise.loop_spread:.0f} %"
    yield f"commit {result.commit or 'unknown'}"
    yield result.date


def _figure(figure: Figure) -> tuple[str, ...]:
    spread = ""
    if figure.least is not None and figure.most is not None:
        spread = f"{shown(figure.least)} to {shown(figure.most)}"
    return figure.name, shown(figure.value), figure.unit, spread, str(figure.rounds), figure.ratio


def _row(name: str, result: Result) -> tuple[str, ...]:
    link = f"[{name}](results/{_RECORDED}/{name}.json)"
    page = f"[{result.source}](../{result.source})"
    command = f"`{result.command}`" if result.command else ""
    return link, str(len(result.figures)), result.date, result.commit, page, command


def _pictures(machine: str, name: str, result: Result) -> list[str]:
    return [
        f"results/{machine}/{name}{f'-{number}' if number > 1 else ''}.svg"
        for number in range(1, len(result.curves) + 1)
    ]


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def shown(value: float) -> str:
    """Four digits, and thousands apart."""
    if abs(value) >= 10**_DIGITS:
        return f"{value:,.0f}"
    text = f"{value:.{_DIGITS}g}"
    return text if "e" not in text else f"{value:.6f}".rstrip("0")
