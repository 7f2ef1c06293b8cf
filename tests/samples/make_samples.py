"""Make the sample PDFs: `python -m tests.samples.make_samples [--out DIR]`.

The files are the same, byte for byte, whenever the versions in `requirements.lock` are installed.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from tests.samples.make import faults, limits, scans
from tests.samples.make.financial_statement import financial_statement
from tests.samples.make.form import form
from tests.samples.make.pictures import coast, error_map
from tests.samples.make.rotated_page import rotated_page
from tests.samples.make.typesetting import typeset

__all__ = ["SAMPLES", "main"]

#: What makes each file.
SAMPLES: Mapping[str, Callable[[], bytes]] = MappingProxyType(
    {
        "two_column_paper.pdf": lambda: typeset("two_column_paper.typ", assets={"heat.jpg": error_map()}),
        "annual_report.pdf": lambda: typeset("annual_report.typ", assets={"coast.jpg": coast()}),
        "financial_statement.pdf": financial_statement,
        "form.pdf": form,
        "code_listing.pdf": lambda: typeset("code_listing.typ"),
        "arabic.pdf": lambda: typeset("arabic.typ"),
        "hebrew.pdf": lambda: typeset("hebrew.typ"),
        "scanned.pdf": scans.scanned,
        "skewed.pdf": scans.skewed,
        "rotated_scan.pdf": scans.rotated_scan,
        "rotated_page.pdf": rotated_page,
        "encrypted.pdf": faults.encrypted,
        "truncated.pdf": faults.truncated,
        "zero_pages.pdf": faults.zero_pages,
        "not_a_pdf.pdf": faults.not_a_pdf,
        "broken_page.pdf": faults.broken_page,
        "huge_page.pdf": limits.huge_page,
        "oversized_page.pdf": limits.oversized_page,
        "many_pages.pdf": limits.many_pages,
    }
)


def main() -> None:
    """Write every sample to the folder of this script, or to --out."""
    parser = argparse.ArgumentParser(description="Make the sample PDFs.")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="folder to write to")
    folder: Path = parser.parse_args().out
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in SAMPLES.items():
        pdf = make()
        (folder / name).write_bytes(pdf)
        print(f"{len(pdf):>9,}  {name}")


if __name__ == "__main__":
    main()
