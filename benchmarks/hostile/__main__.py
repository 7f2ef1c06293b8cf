"""`python -m benchmarks.hostile --count 600`: malformed PDFs through docmill, and what becomes of each.

It makes the corpus, converts it as `docmill convert` does, and prints outcomes by kind and reason, the
slowest files, the peak memory of all processes, and how many workers were lost. It ends with 1 when a file
has no typed outcome, when docmill itself is at fault, or when more memory is used than the limits allow.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
from rich.console import Console

from benchmarks.hostile.corpus import ALL_CASES, KINDS
from benchmarks.hostile.report import examine, print_report
from benchmarks.hostile.run import RunSettings


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    options = _parser().parse_args(arguments)
    settings = RunSettings(options.workers, options.timeout, options.memory)
    console = Console()
    kinds = options.kind or ()
    report = examine(options.count, settings, console, seed=options.seed, kinds=kinds, keep=options.keep)
    print_report(report, console)
    if options.json:
        options.json.write_bytes(msgspec.json.format(msgspec.json.encode(report)))
    return 1 if report.violations else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hostile", description=__doc__)
    parser.add_argument("--count", type=int, default=len(ALL_CASES), help="files; default: each case once")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kind", action="append", choices=KINDS, help="only files of this kind; repeatable")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--timeout", type=float, default=15.0, help="seconds for up to 8 pages in a stage")
    parser.add_argument("--memory", type=int, default=1024, help="megabytes of a worker")
    parser.add_argument("--keep", type=Path, help="make the files here, and leave them")
    parser.add_argument("--json", type=Path, help="also write every outcome here")
    return parser


if __name__ == "__main__":
    sys.exit(main())
