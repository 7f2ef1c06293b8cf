"""`python -m benchmarks.end_to_end` on a small scale, with a real Triton, Ray Serve and vLLM."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from benchmarks.end_to_end.__main__ import main
from benchmarks.end_to_end.report import Report
from tests.acceptance import ray_serving, serving, vllm_serving
from tests.support.model_cache import weights

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(900)]


def test_all_sides_make_the_same_documents_and_say_what_they_cost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for made in (ray_serving, serving, vllm_serving):
        made.environment()
    for model in ("layout", "tables", "ocr-detect", "ocr-recognise"):
        weights(model)
    monkeypatch.setenv("DOCMILL_MODELS", str(weights("layout").parent))
    written = tmp_path / "report.json"
    pages = ("--pages", "6", "--length", "3", "--understood", "3", "--detector", "always")
    assert main([*pages, "--rounds", "1", "--json", str(written)]) == 0
    found = msgspec.json.decode(written.read_bytes(), type=Report)
    assert [(each.side, each.pages, each.differing) for each in found.measured[:3]] == [
        (side, 6, 0) for side in ("embedded", "Triton", "Ray Serve")
    ]
    embedded, *served = (each.turns[0] for each in found.measured[:3])
    assert embedded.told_device_ms == 0 and not embedded.servers_cpu_ms
    for each in served:
        assert each.told_device_ms > 0 and each.told_cpu_ms < embedded.told_cpu_ms
        assert all(cpu > 0 for cpu in each.servers_cpu_ms.values())
    for understood in found.measured[3:]:
        [each] = understood.turns
        assert (each.converted, each.documents) == (1, 1)
        assert each.servers_cpu_ms["vLLM"] > 0 and each.told_device_ms > 0
