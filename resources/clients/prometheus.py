"""Prometheus' HTTP API: what expressions come to, over a time.

https://prometheus.io/docs/prometheus/latest/querying/api/
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx2
import msgspec

from docmill.pipeline.convert.errors import BackendConfigError, BackendUnavailableError
from docmill.resources.clients.certificates import certificates

__all__ = ["Prometheus", "Series"]

_PATIENCE_S = 30.0


@dataclass(frozen=True)
class Series:
    """One series: its labels, and (seconds since the epoch, value); NaN where there is no number."""

    labels: Mapping[str, str]
    points: Sequence[tuple[float, float]]


class _Matrix(msgspec.Struct):
    metric: dict[str, str]
    values: list[tuple[float, str]]


class _Data(msgspec.Struct):
    result: list[_Matrix] = []


class _Answer(msgspec.Struct):
    status: str
    data: _Data = msgspec.field(default_factory=_Data)
    error: str = ""


@dataclass(frozen=True)
class Prometheus:
    """The server at `url`, with the path that it is served under if there is one."""

    url: str

    def query_range(self, expr: str, start: datetime, end: datetime, step_s: float) -> list[Series]:
        """The series of an expression at every step of a time; NaN where it has no value then.

        Raises `BackendConfigError` for an expression that the server refuses, and `BackendUnavailableError`
        when it does not answer as Prometheus does.
        """
        # as it counts time, so that it has a value at these very moments or none
        begin_ms, end_ms, step_ms = (
            round(each * 1000) for each in (start.timestamp(), end.timestamp(), step_s)
        )
        asked = {"query": expr, "start": begin_ms / 1000, "end": end_ms / 1000, "step": step_ms / 1000}
        answer = self._get("/api/v1/query_range", asked)
        if answer.status != "success":
            raise BackendConfigError(f"Prometheus at {self.url} refuses `{expr}`: {answer.error}")
        found = []
        for each in answer.data.result:
            values = {round(at * 1000): float(value) for at, value in each.values}
            points = [(ms / 1000, values.get(ms, math.nan)) for ms in range(begin_ms, end_ms + 1, step_ms)]
            found.append(Series(each.metric, points))
        return found

    def _get(self, path: str, asked: Mapping[str, Any]) -> _Answer:
        try:
            answer = httpx2.post(
                f"{self.url.rstrip('/')}{path}", data=asked, timeout=_PATIENCE_S, verify=certificates()
            )
            return msgspec.json.decode(answer.content, type=_Answer)
        except httpx2.HTTPError as error:
            raise BackendUnavailableError(f"Prometheus at {self.url} does not answer: {error}") from error
        except (msgspec.DecodeError, ValueError) as error:
            raise BackendUnavailableError(f"{self.url} does not answer as Prometheus: {error}") from error
