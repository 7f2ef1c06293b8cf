"""What docmill itself says that documents became and took, in its ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from docmill.pipeline.corpus.ledger.entries import DocumentRow
from docmill.pipeline.corpus.ledger.ledger import open_ledger
from docmill.pipeline.stages.results.accounting import summed
from docmill.resources.clients.files.document_store import DocumentStore
from docmill.resources.price import Price

__all__ = ["Account", "account_of", "read_account"]


@dataclass(frozen=True)
class Account:
    """Documents, those wholly converted and why the others are not, their seconds, and what they cost.

    Without overhead: what runs spend besides documents, as docs/device-seconds.md has it.
    """

    documents: int
    converted: int
    reasons: tuple[str, ...]
    cpu_s: float
    device_s: float
    cost: float


def read_account(home: Path, price: Price) -> Account:
    """That of all documents in the store below docmill's home."""
    return account_of(list(open_ledger(DocumentStore(str(home / "store"))).all()), price)


def account_of(rows: Sequence[DocumentRow], price: Price) -> Account:
    """The same of rows of a ledger."""
    left_out = [row for row in rows if row.state != "converted" or row.issues]
    devices = summed(row.device_seconds for row in rows)
    cpu = sum(row.cpu_seconds for row in rows)
    return Account(
        len(rows),
        len(rows) - len(left_out),
        tuple(f"{row.name}: {row.state} {row.reason or row.result_reason} {row.message}" for row in left_out),
        cpu,
        sum(devices.values()),
        price.of(devices, cpu),
    )
