"""The exporter's own samples, for those who have no Prometheus: a bounded history in a file of SQLite.

A scrape is kept every half a minute; of those of more than six hours ago one in two minutes stays, for a
week.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import zstandard
from prometheus_client.core import Metric

from docmill.pipeline.convert.errors import BackendUnavailableError
from docmill.pipeline.instance.metrics.samples import Sample, Samples, tracks
from docmill.resources.home import default_home

__all__ = ["EVERY_S", "History", "history_path"]

#: Between scrapes.
EVERY_S = 30.0
_ALL, _THINNED = timedelta(hours=6), timedelta(days=7)
#: Three samples and more in the shortest window of a panel (5 min).
_THINNED_S = 120.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS scrapes (at REAL PRIMARY KEY, stays INTEGER NOT NULL, samples BLOB NOT NULL)
WITHOUT ROWID
"""
_decoder = msgspec.msgpack.Decoder(list[Sample])


def history_path() -> Path:
    """Where the exporter of this machine keeps it."""
    return default_home() / "metrics.sqlite"


class History:
    """The history in a file. One exporter writes it; whoever reads it may do so at the same time."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def keep(self, now: datetime, metrics: Iterable[Metric]) -> None:
        """Keep a scrape, and no more of earlier ones than there is to be. Raises `sqlite3.Error`."""
        samples = [
            (sample.name, tuple(sample.labels.items()), sample.value)
            for metric in metrics
            for sample in metric.samples
        ]
        packed = zstandard.compress(msgspec.msgpack.encode(samples))
        at = now.timestamp()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self.path)) as database, database:
            database.execute(_SCHEMA)
            (last,) = database.execute("SELECT max(at) FROM scrapes WHERE stays").fetchone()
            stays = last is None or at // _THINNED_S != last // _THINNED_S
            database.execute("INSERT OR REPLACE INTO scrapes VALUES (?, ?, ?)", (at, stays, packed))
            database.execute(
                "DELETE FROM scrapes WHERE at < ? OR at < ? AND NOT stays",
                ((now - _THINNED).timestamp(), (now - _ALL).timestamp()),
            )

    def read(self, start: datetime, end: datetime) -> Samples:
        """The series between two moments; none where nothing was kept.

        Raises `BackendUnavailableError` when the file cannot be read.
        """
        if not self.path.exists():
            return {}
        try:
            with closing(sqlite3.connect(f"{self.path.resolve().as_uri()}?mode=ro", uri=True)) as database:
                rows = database.execute(
                    "SELECT at, samples FROM scrapes WHERE at BETWEEN ? AND ? ORDER BY at",
                    (start.timestamp(), end.timestamp()),
                )
                return tracks((at, _decoder.decode(zstandard.decompress(packed))) for at, packed in rows)
        except sqlite3.Error as error:
            raise BackendUnavailableError(
                f"the history of `docmill metrics` in {self.path} cannot be read: {error}"
            ) from error
