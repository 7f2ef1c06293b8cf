"""Made-up documents and sources: what the ledger keeps of them, by their numbers."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from docmill.pipeline.corpus.ledger.entries import DocumentRow, SourceRow, entry_of, to_rows

__all__ = ["BATCH", "address", "batch_key", "document_id", "document_rows", "entry", "source_rows"]

#: Documents of a batch.
BATCH = 64
_START = datetime(2026, 11, 25, tzinfo=UTC)
_STAGES = ("pages", "ocr", "layout", "tables", "understanding", "document", "exports")


def document_id(number: int) -> str:
    """The id of a document."""
    return hashlib.sha256(str(number).encode()).hexdigest()


def address(number: int) -> str:
    """Where a document came from."""
    return f"s3://inbox/2026/{number % 977:04d}/report-{number}.pdf"


def entry(number: int) -> str:
    """Its key in the ledger."""
    return entry_of(document_id(number), address(number))


def batch_key(number: int) -> str:
    """The batch that a document is of."""
    return f"2026-11-25T0200-{number // BATCH:08x}"


def source_rows(numbers: Sequence[int]) -> list[dict[str, Any]]:
    """Rows of sources, a document each."""
    return to_rows(
        [
            SourceRow(
                address=address(number),
                version=document_id(number)[32:],
                size=100_000 + number % 7919,
                at=_START,
                document=document_id(number),
                batch=batch_key(number),
            )
            for number in numbers
        ]
    )


def document_rows(numbers: Sequence[int], minute: int = 0) -> list[dict[str, Any]]:
    """Rows of documents, as they were at a minute."""
    return to_rows([_document(number, _START + timedelta(minutes=minute)) for number in numbers])


def _document(number: int, at: datetime) -> DocumentRow:
    """A document that was converted, or one of the hundredth that failed."""
    id_ = document_id(number)
    place = f"documents/{id_[:2]}/{id_}/exports/{document_id(-1)[:16]}"
    return DocumentRow(
        id=id_,
        name=f"{number % 977:04d}/report-{number}.pdf",
        source=address(number),
        size=100_000 + number % 7919,
        at=at,
        batch=batch_key(number),
        version=id_[32:],
        published=f"{number % 977:04d}/report-{number}",
        origin="inbox",
        state="converted" if number % 100 else "failed",
        page_count=1 + number % 40,
        pages=1 + number % 40,
        seconds=(number % 5000) / 100,
        device_seconds={"heron": (number % 300) / 100, "tableformer": (number % 70) / 100},
        prints={stage: document_id(-index)[:16] for index, stage in enumerate(_STAGES)},
        files={kind: f"{place}/document.{kind}" for kind in ("md", "html", "json")},
        out="s3://published/corpus",
        run=document_id(number // BATCH)[:36],
        last_print=document_id(-6)[:16],
    )
