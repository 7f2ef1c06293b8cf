"""`python -m benchmarks.equality --before REV`: whether this checkout makes the same documents as a commit.

The commit is checked out into a temporary folder. The samples, good and bad, and all PDFs that are named
besides are converted by both command lines, with the same packages, into homes of their own and in all
formats. Compared are: every result byte by byte, each stage's artifacts page by page, the stages' records
without times, `metadata.json` without what is the commit's, and each document's outcome. It ends with 1 when
something differs that may not. Fingerprints may differ.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from rich.console import Console

from benchmarks.comparing.comparison import Allowed, Comparison, compare
from benchmarks.comparing.converting import Converted, convert
from benchmarks.comparing.errors import ComparingError
from benchmarks.comparing.report import EqualityReport, print_equality
from benchmarks.comparing.sides import side
from benchmarks.comparing.trees import CHECKOUT, tree_at, worktree
from benchmarks.metrics.environment import environment
from docmill.pipeline.convert.options import FORMATS

__all__ = ["main"]

_SAMPLES = CHECKOUT / "tests" / "samples"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    options = _parser().parse_args(arguments)
    console = Console()
    try:
        with TemporaryDirectory(prefix="docmill-equality-") as scratch:
            report = _examine(options, options.keep or Path(scratch), console)
    except ComparingError as error:
        console.print(f"{error}", style="red", markup=False, soft_wrap=True)
        return 2
    print_equality(report, console, options.show)
    if options.json:
        options.json.write_bytes(msgspec.json.format(msgspec.json.encode(report)))
    return 0 if report.equal else 1


def _examine(options: argparse.Namespace, folder: Path, console: Console) -> EqualityReport:
    places = [*options.samples, *options.pdfs]
    how = ["--format", ",".join(FORMATS), *shlex.split(options.convert)]
    now = tree_at(CHECKOUT)
    with worktree(CHECKOUT, options.before) as then:
        made: list[Converted] = []
        for name, tree in (("before", then), ("after", now)):
            console.print(f"{name}: {tree.commit[:12]} converts with python -m {tree.module}", style="dim")
            made.append(convert(tree, places, folder / name, how))
    before, after = made
    comparison = compare(before, after, options.allow, options.ignore_stage)
    return EqualityReport(
        environment=environment(),
        before=side(then),
        after=side(now),
        seconds=(round(before.seconds, 1), round(after.seconds, 1)),
        places=[str(place) for place in places],
        counts=comparison.counts,
        differences=comparison.differences,
        unused=_unused(comparison),
    )


def _unused(comparison: Comparison) -> list[str]:
    """Rules that excuse nothing: mistyped, or of yesterday."""
    seen = [(each.name, each.stage) for each in comparison.differences]
    rules = [
        f"--allow {rule.name}:{rule.stage}"
        for rule in comparison.allowed
        if not any(rule.covers(*difference) for difference in seen)
    ]
    return rules + [f"--ignore-stage {name}" for name in sorted(comparison.ignored - comparison.skipped)]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.equality", description=__doc__)
    parser.add_argument("--before", required=True, metavar="REV", help="the commit to compare with")
    parser.add_argument(
        "--samples",
        type=Path,
        nargs="*",
        default=[_SAMPLES],
        help="PDFs or folders, instead of docmill's own",
    )
    parser.add_argument("--pdfs", type=Path, nargs="+", default=[], help="more PDFs, or folders of them")
    parser.add_argument(
        "--ignore-stage", nargs="+", default=[], metavar="STAGE", help="stages that are not compared"
    )
    parser.add_argument(
        "--allow",
        type=Allowed.parse,
        nargs="+",
        default=[],
        metavar="NAME:STAGE",
        help="differences that are meant, as shell patterns: a document's name without extension, and a "
        "stage, `output` or `outcome`",
    )
    parser.add_argument("--convert", default="", metavar="OPTIONS", help="more options of docmill convert")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep both homes and results here")
    parser.add_argument("--show", type=int, default=20, help="differences to print (default 20)")
    parser.add_argument("--json", type=Path, help="write counts and all differences here")
    return parser


if __name__ == "__main__":
    sys.exit(main())
