"""Papers to convert."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from benchmarks.gpu.pipeline.papers import PAGES, Papers
from docmill.pipeline.convert.pdf.pdf import Pdf


def test_no_two_have_the_same_bytes_and_all_can_be_read(tmp_path: Path) -> None:
    papers = Papers.make(tmp_path / "papers", few=True)
    assert papers.made_with == "pages of the samples"
    digests = set()
    for name in ("first", "second"):
        assert papers.corpus(tmp_path / name, 5) == 5 * PAGES
        for path in (tmp_path / name).glob("*.pdf"):
            digests.add(sha256(path.read_bytes()).hexdigest())
            with Pdf.open(path) as pdf:
                assert pdf.page_count == PAGES
    assert len(digests) == 10
