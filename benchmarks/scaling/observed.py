"""Replicas over time as a test on a cluster saw them (`tests/cluster/test_scaling.py`), as a picture."""

from __future__ import annotations

import html
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from docmill.pipeline.instance.dashboards.plot import PALETTE, Line, plot

__all__ = ["picture"]

_TEXT = "text{font:11px system-ui;fill:#6b6b6b}.grid{stroke:#6b6b6b;stroke-opacity:.3}"

#: The plot writes hours and minutes, which are minutes and seconds here.
_MINUTE_S = 60.0


def picture(observed: Mapping[str, Any]) -> str:
    """An SVG file of what the batches asked for, the replicas, and those that were ready."""
    samples = observed["samples"]
    start, end = samples[0]["at"], samples[-1]["at"]
    share = observed["batches_a_server"]
    lines = [
        Line(f"batches / {share:g}", _points(samples, "batches", share)),
        Line("replicas", _points(samples, "replicas")),
        Line("ready", _points(samples, "ready")),
    ]
    begun, ended = (datetime.fromtimestamp(at * _MINUTE_S, UTC) for at in (0.0, end - start))
    drawn, _, _ = plot(lines, begun, ended, "short").partition("</svg>")
    head, _, body = drawn.replace("0 0 400 170", "0 -16 400 186", 1).partition(">")
    legend = "".join(
        f'<text x="{60 + 100 * number}" y="-4" style="fill:var(--c{number})">{html.escape(line.name)}</text>'
        for number, line in enumerate(lines)
    )
    namespace = ' xmlns="http://www.w3.org/2000/svg"'
    return f"{head}{namespace}><style>{PALETTE}{_TEXT}</style>{body}{legend}</svg>\n"


def _points(samples: list[dict[str, float]], name: str, share: float = 1.0) -> list[tuple[float, float]]:
    return [((each["at"] - samples[0]["at"]) * _MINUTE_S, each[name] / share) for each in samples]
