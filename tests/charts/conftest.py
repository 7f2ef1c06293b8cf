"""All charts with all files of values, rendered once."""

from __future__ import annotations

import pytest

from tests.charts.rendering import CHARTS, Rendered, cases_of, render


@pytest.fixture(scope="session")
def rendered() -> dict[str, Rendered]:
    """What came of each chart and file of values, by the case's words."""
    cases = [case for chart in sorted(CHARTS.iterdir()) if chart.is_dir() for case in cases_of(chart)]
    return {str(result.case): result for result in render(cases, checked=True)}
