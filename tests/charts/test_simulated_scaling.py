"""The simulation of `benchmarks.scaling` and the chart scale alike."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.scaling.chart import TRIGGERS, of_scaled_object, of_values
from tests.charts.rendering import CHARTS, Case, render

pytestmark = pytest.mark.charts


def test_what_is_simulated_is_the_charts_scaled_object() -> None:
    values = {"triton": {"image": {"registry": "registry.test"}}, "autoscaling": {"enabled": True}}
    [chart] = render([Case(CHARTS / "serving", (), values)])
    spec = chart.one("ScaledObject", "triton")["spec"]
    names = [each["name"] for each in spec["triggers"]]
    scaling = of_scaled_object(spec)
    triggers = tuple(scaling.triggers[names.index(name)] for name in TRIGGERS)
    assert replace(scaling, triggers=triggers) == of_values()
    assert set(names) - set(TRIGGERS) == {"queue-time"}
