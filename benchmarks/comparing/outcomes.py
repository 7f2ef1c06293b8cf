"""What became of each document, as the ledger of a store tells it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import msgspec

from benchmarks.comparing.pieces import Piece, Pieces
from docmill.pipeline.corpus.ledger.entries import DocumentRow
from docmill.pipeline.corpus.ledger.ledger import open_ledger
from docmill.resources.clients.files.document_store import DocumentStore

__all__ = ["OUTCOME", "NamedOutcome", "read_outcomes"]

#: Stands beside the stages' names.
OUTCOME = "outcome"
_COMPARED = ("state", "reason", "message", "remedy", "stage", "page_count", "pages", "issues")


class NamedOutcome(NamedTuple):
    """The document's name, and its typed outcome as JSON."""

    name: str
    pieces: Pieces


def read_outcomes(home: Path) -> dict[str, NamedOutcome]:
    """The outcome of every document in the store below docmill's home, by content id."""
    rows = open_ledger(DocumentStore(str(home / "store"))).all()
    return {row.id: NamedOutcome(row.name, _pieces(row)) for row in rows}


def _pieces(row: DocumentRow) -> Pieces:
    typed = {name: getattr(row, name) for name in _COMPARED}
    return {Piece(OUTCOME, OUTCOME): msgspec.json.encode(typed)}
