"""Progress in the log: a line every ten seconds, not one a page."""

from __future__ import annotations

import time
from collections import Counter
from typing import Protocol

from docmill.pipeline.stages.results.records import StageRecord

__all__ = ["LogProgress"]

_EVERY_S = 10.0


class _Logger(Protocol):
    def info(self, msg: str) -> None: ...

    def warning(self, msg: str) -> None: ...


class LogProgress:
    """Writes progress to a logger: what is done, how fast, what failed; each failed document once."""

    def __init__(self, log: _Logger) -> None:
        self._log = log
        self._stage = ""
        self._total = 0
        self._pages = 0
        self._statuses: Counter[str] = Counter()
        self._started = self._said = time.monotonic()

    def begin(self, stage: str, documents: int) -> None:
        """Start counting anew."""
        self._stage, self._total, self._pages = stage, documents, 0
        self._statuses = Counter()
        self._started = self._said = time.monotonic()

    def pages(self, count: int) -> None:
        """Count pages, and say so every ten seconds."""
        self._pages += count
        if time.monotonic() - self._said >= _EVERY_S:
            self._said = time.monotonic()
            self._log.info(self._summary())

    def document(self, record: StageRecord) -> None:
        """Count a document; one that cannot be converted is named with its reason and remedy."""
        self._statuses[record.status] += 1
        if record.stopped_at == self._stage:
            self._log.warning(f"{record.status} ({record.reason}): {record.message}. {record.remedy}")
        for issue in record.issues:
            if issue.stage == self._stage:
                self._log.warning(f"partial: {record.name}, page {issue.page}: {issue.message}")

    def end(self) -> None:
        """Say how it went."""
        self._log.info(self._summary())

    def _summary(self) -> str:
        seconds = max(time.monotonic() - self._started, 1e-3)
        done = sum(self._statuses.values())
        bad = self._statuses["quarantined"] + self._statuses["failed"]
        rate = f"{self._pages / seconds:.1f} pages/s" if self._pages else "nothing new to do"
        return (
            f"{self._stage}: {done}/{self._total} documents, {self._pages} pages, {rate}, {bad} not converted"
        )
