"""`python -m benchmarks.ray_serve` on a small scale: both servers, scaling and kills are real."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from benchmarks.ray_serve.__main__ import main
from benchmarks.ray_serve.report import Report
from tests.acceptance.ray_serving import environment
from tests.support.model_cache import weights

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(900)]


def test_every_part_measures_something(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environment()
    for model in ("layout", "tables", "ocr-detect", "ocr-recognise"):
        weights(model)
    monkeypatch.setenv("DOCMILL_MODELS", str(weights("layout").parent))
    monkeypatch.setenv("COLUMNS", "200")
    written = tmp_path / "report.json"
    small = ["--model", "at-once", "--model", "heron", "--clients", "2", "--seconds", "1", "--rounds", "1"]
    assert main([*small, "--fault-seconds", "6", "--json", str(written)]) == 0
    found = msgspec.json.decode(written.read_bytes(), type=Report)
    assert [each.server for each in found.beginnings] == ["Triton", "Ray Serve"]
    assert all(each.memory_mb > 100 and each.ready_cpu_s > 0.1 for each in found.beginnings)
    assert [(each.model, each.clients) for each in found.compared] == [("at-once", 2), ("heron", 2)]
    for served in found.served:
        [each] = served.rounds
        assert each.requests >= 2 and each.asked_cpu_ms > 0 and each.p50_ms > 0 and each.average_batch >= 1
    at_once, heron = (each.cpu_ratios[0] for each in found.compared)
    assert at_once > 2 > heron
    assert len(found.scalings) == 2
    for scaling in found.scalings:
        assert scaling.failed == 0 and scaling.answers > 20
        assert scaling.from_none_s > 0 and scaling.up_s >= 2
        # its second replica is of use, since neither needs this machine's cores
        assert scaling.after_per_s > 1.3 * scaling.before_per_s
        assert scaling.down_s >= 5 and scaling.to_none_s >= 5
    assert [each.killed for each in found.faults] == [
        "the model's process",
        "the model's replica",
        "one door of two",
        "the controller",
        "the raylet",
    ]
    assert all(each.lost == 0 for each in found.faults)
    assert found.faults[-1].failed > 0
    assert "scaling by requests" in capsys.readouterr().out
