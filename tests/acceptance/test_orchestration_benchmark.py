"""`python -m benchmarks.orchestration` on a small scale: daemons, PostgreSQL and a browser are real.

What is killed there is killed in `test_kill_matrix.py`.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from benchmarks.orchestration import Figures, main
from tests.support.chromium import need_chromium
from tests.support.model_cache import weights
from tests.support.postgres import PostgresServer

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(900)]


def test_every_other_part_measures_something(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    need_chromium()
    monkeypatch.setenv("DOCMILL_MODELS", str(weights("layout").parent))
    monkeypatch.setenv("COLUMNS", "200")
    written, pictures = tmp_path / "figures.json", tmp_path / "pictures"
    small = ["--batches", "1", "3", "--repeat", "1", "--rest", "5", "--partitions", "30", "--ticks", "0"]
    small += ["--only", "runs", "drops", "partitions", "postgres", "ingest", "hostile", "--drops", "1"]
    small += ["--malformed", "6", "--files", "200", "--json", str(written), "--pictures", str(pictures)]
    with PostgresServer() as postgres:
        assert main([*small, "--postgres", postgres.database("orchestration")]) == 0
    found = msgspec.json.decode(written.read_bytes(), type=Figures)
    assert found.runs
    assert [cost.documents for cost in found.runs] == [1, 3]
    assert all(cost.run_s > cost.stages_s > 0 and cost.again_s > 0 for cost in found.runs)
    assert all(0 < cost.first_step_s < 60 for cost in found.runs)
    assert found.drops
    assert len(found.drops.seconds) == 1
    assert found.daemon
    assert [each.partitions for each in found.daemon] == [0, 30]
    assert all(each.pss_mb > 100 for each in found.daemon)
    assert found.postgres
    assert found.postgres.run_bytes > 10_000
    assert found.pages
    assert all(each.later_s > 0 and each.heap_mb > 1 for each in found.pages)
    assert len(list(pictures.glob("*.png"))) == len(found.pages)
    assert found.ingest
    assert found.ingest["documents in batches"] == 200
    assert found.hostile
    assert len(found.hostile.outcomes) == 6
    printed = capsys.readouterr().out
    assert "calculated from the figures above" in printed
    assert "6 malformed files in" in printed
