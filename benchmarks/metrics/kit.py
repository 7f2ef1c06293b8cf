"""A kit: a folder of PDFs with the DoclingDocuments that docling made of them.

`NAME.pdf` has `NAME.expected.json` (recorded) or `NAME.derived.expected.json` (derived, of a newer docling),
or both, or neither. One ground truth is used per PDF: the preferred kind, else the other one.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from pathlib import Path

import msgspec
from docling_core.types.doc import DoclingDocument

__all__ = ["Case", "KitError", "TruthKind", "load_document", "read_kit"]


class TruthKind(StrEnum):
    """Which ground truth of a PDF."""

    RECORDED = "recorded"
    DERIVED = "derived"

    @property
    def suffix(self) -> str:
        """What follows NAME in the file's name."""
        return ".expected.json" if self is TruthKind.RECORDED else ".derived.expected.json"


class KitError(Exception):
    """A folder that is no kit, a case that it does not have, or a truth that cannot be read."""


class Case(msgspec.Struct, frozen=True):
    """A PDF with its ground truth."""

    name: str
    pdf: Path
    truth: Path
    kind: TruthKind


def read_kit(
    folder: Path, *, prefer: TruthKind, only: Collection[str] | None = None
) -> tuple[list[Case], list[str]]:
    """Cases of a kit by name, and the names of its PDFs that have no ground truth.

    Raises KitError for an unknown name in `only` and for a folder without PDFs.
    """
    pdfs = {path.stem: path for path in sorted(folder.glob("*.pdf"))}
    if not pdfs:
        raise KitError(f"no PDF in {folder}")
    if only is not None:
        if unknown := sorted(set(only) - set(pdfs)):
            raise KitError(f"not in the kit: {', '.join(unknown)}; it has {', '.join(pdfs)}")
        pdfs = {name: path for name, path in pdfs.items() if name in only}
    cases, without = [], []
    for name, pdf in pdfs.items():
        kinds = sorted(TruthKind, key=lambda kind: kind is not prefer)
        found = [(kind, folder / f"{name}{kind.suffix}") for kind in kinds]
        kind_and_path = next(((kind, path) for kind, path in found if path.is_file()), None)
        if kind_and_path is None:
            without.append(name)
        else:
            cases.append(Case(name, pdf, kind_and_path[1], kind_and_path[0]))
    return cases, without


def load_document(path: Path) -> DoclingDocument:
    """Read a DoclingDocument; KitError when the file is none."""
    try:
        return DoclingDocument.load_from_json(path)
    except (OSError, ValueError) as error:  # pydantic's and the decoder's errors are ValueErrors
        reason = " ".join(str(error).split())[:200]
        raise KitError(f"{path.name} is no DoclingDocument: {reason}") from error
