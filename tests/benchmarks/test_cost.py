"""The cost model: parts add up, waiting is paid, and break-even points are where both cost the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.cost import (
    INPUTS,
    PLACES,
    UTILISATIONS,
    break_even_pages,
    break_even_price,
    break_even_utilisation,
    cost_of_page,
    cpu_seconds,
    gpu_seconds,
    main,
    tornado,
)

VALUES = {name: each.value for name, each in INPUTS.items()}
EMBEDDED, DOCLING, TRITON, UNDERSTOOD, BOTH = PLACES


def paid(place: object, hour: float, busy: float) -> float:
    found = cost_of_page(place, VALUES, hour, busy)  # type: ignore[arg-type]
    return found["cpu"] + found["gpu"]


def test_hours_of_waiting_are_paid_by_the_pages() -> None:
    always, tenth = (cost_of_page(TRITON, VALUES, 3.6, busy) for busy in (1.0, 0.1))
    assert tenth["gpu"] == pytest.approx(10 * always["gpu"])
    assert tenth["cpu"] == always["cpu"]
    assert cost_of_page(EMBEDDED, VALUES, 3.6, 0.1)["gpu"] == 0


@pytest.mark.parametrize("hour", [0.35, 1.0])
def test_at_the_break_even_both_cost_the_same(hour: float) -> None:
    busy = break_even_utilisation(DOCLING, TRITON, VALUES, hour)
    assert busy
    assert paid(TRITON, hour, busy) == pytest.approx(paid(DOCLING, hour, 1.0))
    rate = break_even_pages(DOCLING, TRITON, VALUES, hour)
    assert rate
    assert rate * gpu_seconds(TRITON, VALUES) == pytest.approx(busy)  # what it is busy with, of each second


@pytest.mark.parametrize("busy", UTILISATIONS)
def test_a_gpu_hour_may_cost_what_it_saves(busy: float) -> None:
    price = break_even_price(DOCLING, TRITON, VALUES, busy)
    assert paid(TRITON, price, busy) == pytest.approx(paid(DOCLING, 1.0, 1.0))


def test_a_gpu_that_is_too_dear_is_never_cheaper() -> None:
    price = break_even_price(DOCLING, TRITON, VALUES, 1.0)
    assert break_even_utilisation(DOCLING, TRITON, VALUES, price * 1.01) is None
    assert break_even_pages(DOCLING, TRITON, VALUES, price * 1.01) is None


def test_the_embedded_models_come_to_what_the_benchmark_measured() -> None:
    """163 ms a page through Dagster without scans, and 8 more for Markdown and HTML."""
    plain = {**VALUES, "scanned": 0.0, "batch": 1e9}
    assert cpu_seconds(EMBEDDED, plain) == pytest.approx(0.171)


def test_what_drives_it_comes_first() -> None:
    found = tornado(BOTH, VALUES, 4.5, 0.5)
    assert {found[0][0], found[1][0]} == {"utilisation", "gpu_speed"}
    assert found[0][1] > 1 > found[0][2]
    assert "utilisation" not in {name for name, _, _ in tornado(EMBEDDED, VALUES, 4.5, 0.5)}


def test_the_command_takes_other_values_and_keeps_its_figures(tmp_path: Path) -> None:
    file = tmp_path / "cost.json"
    words = ["--set", "scanned=0", "--gpu", "l4", "--gpu-hours", "l4=0.5", "--json", str(file)]
    assert main(words) == 0
    found = json.loads(file.read_text())
    assert found["inputs"]["scanned"] == {"value": 0, "unit": "of pages", "source": "given"}
    assert found["gpu_hours"]["l4"] == 0.5
    [triton] = [each for each in found["costs"] if each["place"] == TRITON.name]
    parts = triton["utilisation"]["50 %"]["parts_of_million"]
    assert sum(parts.values()) == pytest.approx(triton["utilisation"]["50 %"]["million_pages"])
    with pytest.raises(SystemExit):
        main(["--set", "nothing=1"])
    with pytest.raises(SystemExit, match="no price of b200"):
        main(["--gpu", "b200"])


def test_a_server_s_own_metrics_say_how_busy_it_is(tmp_path: Path) -> None:
    (tmp_path / "metrics").write_text(
        'nv_gpu_utilization{gpu_uuid="a"} 0.3\nnv_gpu_utilization{gpu_uuid="b"} 0.1\n'
    )
    (tmp_path / "idle").write_text("nv_inference_request_success 3\n")
    file = tmp_path / "cost.json"
    assert main(["--busy", (tmp_path / "metrics").as_uri(), "--seconds", "0.1", "--json", str(file)]) == 0
    [triton] = [each for each in json.loads(file.read_text())["costs"] if each["place"] == TRITON.name]
    assert list(triton["utilisation"]) == ["100 %", "50 %", "10 %", "20 %"]
    with pytest.raises(SystemExit, match="says of no GPU"):
        main(["--busy", (tmp_path / "idle").as_uri(), "--seconds", "0.1"])
