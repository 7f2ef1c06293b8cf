"""What runs leave in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
from sqlalchemy import create_engine, text

from benchmarks.scale.deployment import Deployment
from benchmarks.scale.filling import convert_one_batch
from docmill.pipeline.intake.batches import DocumentRef

__all__ = ["InPostgres", "measure_postgres"]


class InPostgres(msgspec.Struct, frozen=True):
    """Bytes by which a run over so many documents makes the database larger, indexes included."""

    documents: int
    runs: int
    run_bytes: int


def measure_postgres(folder: Path, url: str, documents: Sequence[DocumentRef], runs: int = 10) -> InPostgres:
    """Convert the documents so many times and one more, the first uncounted: later ones find all done."""
    deployment = Deployment(folder, postgres=url)
    convert_one_batch(deployment, documents)
    before = _size(url)
    for _ in range(runs):
        convert_one_batch(deployment, documents)
    return InPostgres(len(documents), runs, round((_size(url) - before) / runs))


def _size(url: str) -> int:
    with create_engine(url).connect() as connection:
        return int(connection.execute(text("select pg_database_size(current_database())")).scalar_one())
