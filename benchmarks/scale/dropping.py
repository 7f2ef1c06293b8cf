"""How long after a PDF is put into an idle inbox its results are published."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from benchmarks.scale.deployment import Deployment, wait_until
from docmill.pipeline.intake.batches import DocumentRef

__all__ = ["Dropped", "measure_drops"]

_LONGEST_S = 600.0
#: The sensor is met at any moment between two of its ticks.
_UP_TO_S = 30.0


class Dropped(msgspec.Struct, frozen=True):
    """Seconds from when a file is there, whole, until its results are; for each of the files."""

    seconds: list[float]

    @property
    def median_s(self) -> float:
        """The median."""
        return statistics.median(self.seconds)


def measure_drops(folder: Path, documents: Sequence[DocumentRef], seed: int = 0) -> Dropped:
    """Put one file after the other into the inbox of Dagster's daemon, when nothing else is to do."""
    moments = random.Random(seed)
    deployment = Deployment(folder / "deployment", out=folder / "out")
    seconds = []
    with deployment.services():
        for number, document in enumerate(documents):
            time.sleep(moments.uniform(0, _UP_TO_S))
            name, result = f"{number}.pdf", folder / "out" / f"{number}.md"
            (deployment.inbox / name).write_bytes(_ended(Path(document.source).read_bytes()))
            began = time.monotonic()
            wait_until(f"{result} is there", result.exists, _LONGEST_S)
            seconds.append(round(time.monotonic() - began, 1))
    return Dropped(seconds)


def _ended(pdf: bytes) -> bytes:
    """With the end that PDFs have; those of the corpus differ by a number behind it."""
    end = pdf[pdf.rindex(b"startxref") :]
    return pdf + b"\n" + end[: end.index(b"%%EOF")] + b"%%EOF\n"
