"""Other people's PDFs come out as well as they did; $DOCMILL_QUALITY names the folder of their corpora."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchmarks.quality.corpus import read_corpus
from benchmarks.quality.engines.docmill import Docmill
from benchmarks.quality.fair import Fairness
from benchmarks.quality.floor import read_floor, shortfalls
from benchmarks.quality.run import run_engine

CORPORA = Path(os.environ.get("DOCMILL_QUALITY") or "no-corpora")
FLOOR = read_floor(Path(__file__).parents[2] / "benchmarks" / "floors" / "quality.json")

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(not CORPORA.is_dir(), reason="no corpora of other people's PDFs here"),
    pytest.mark.timeout(1800),
]


@pytest.mark.parametrize("name", FLOOR)
def test_a_corpus_reaches_its_floor(name: str) -> None:
    run = run_engine(read_corpus(CORPORA / name), "docmill", Docmill(jobs=2, timeout_s=600), Fairness.AUTO)
    assert not list(shortfalls(FLOOR, run.report))
