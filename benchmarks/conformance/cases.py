"""The cases of a conformance kit: a folder of PDFs with recorded model outputs and docling's documents.

`CASE.predictions.json` names its PDF and says what the models found; `CASE.expected.json` is docling's
document. A recorded case has the text that docling read in `NAME.cells.json`, where NAME is the PDF's name;
cases derived from documents share that of their PDF, where there is one.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

import msgspec

from benchmarks.metrics.kit import KitError
from benchmarks.recorded.recordings import RecordingError, read_predictions

__all__ = ["Case", "read_cases"]

_PREDICTIONS = ".predictions.json"
#: From this version on docling requires a docling-parse (7.21) that writes text as docmill does.
_CURRENT_TEXT = (2, 131)


class Case(msgspec.Struct, frozen=True):
    """One document to make, and the one to compare it with."""

    name: str
    kind: str
    pdf: Path
    predictions: str  # the file's name
    cells: str
    expected: Path
    pages: str  # a page range
    legacy_text: bool  # whether docling's parser of that time wrote spaces and quotes otherwise

    @property
    def has_cells(self) -> bool:
        """Whether the text that docling read was recorded."""
        return (self.pdf.parent / self.cells.replace("{stem}", self.pdf.stem)).is_file()


def read_cases(
    folder: Path, only: Collection[str] | None = None, *, unfinished: bool = False
) -> tuple[list[Case], dict[str, str]]:
    """The cases by name, and why others cannot be used; `unfinished` ones may lack docling's document.

    Raises `KitError` for a folder without predictions and for an unknown name in `only`.
    """
    files = {path.name.removesuffix(_PREDICTIONS): path for path in sorted(folder.glob(f"*{_PREDICTIONS}"))}
    if not files:
        raise KitError(f"no *{_PREDICTIONS} in {folder}")
    if only is not None:
        if unknown := sorted(set(only) - set(files)):
            raise KitError(f"not in the kit: {', '.join(unknown)}; it has {', '.join(files)}")
        files = {name: path for name, path in files.items() if name in only}
    cases, skipped = [], {}
    for name, path in files.items():
        try:
            cases.append(_case(name, path, unfinished))
        except (KitError, RecordingError) as error:
            skipped[name] = str(error)
    return cases, skipped


def _case(name: str, path: Path, unfinished: bool) -> Case:
    recorded = read_predictions(path)
    # a PDF's name, never a path: a kit must not point outside itself
    pdf = path.parent / Path(recorded.pdf or f"{name}.pdf").name
    expected = path.parent / f"{name}.expected.json"
    for needed in (pdf, expected):
        if not needed.is_file() and not (unfinished and needed == expected):
            raise KitError(f"{needed.name} is missing")
    return Case(
        name=name,
        kind=recorded.kind,
        pdf=pdf,
        predictions=_pattern(path.name, pdf.stem),
        cells="{stem}.cells.json",
        expected=expected,
        pages=",".join(str(page.page_no) for page in recorded.pages),
        legacy_text=_version(recorded.docling_version) < _CURRENT_TEXT,
    )


def _version(text: str) -> tuple[int, ...]:
    """Major and minor version; of a recording that names none, docmill's own, the newest there is."""
    found = re.match(r"(\d+)\.(\d+)", text)
    return tuple(int(part) for part in found.groups()) if found else _CURRENT_TEXT


def _pattern(file: str, stem: str) -> str:
    """The file's name with `{stem}` for the PDF's, so that cases alike are converted together."""
    return "{stem}" + file.removeprefix(stem) if file.startswith(f"{stem}.") else file
