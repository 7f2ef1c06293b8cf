"""What a vLLM server spends on a step: the time that the step's workers wait for it, shared by tokens.

The server is busy as long as requests are in flight. Of each stretch between two readings of its metrics the
step's tokens take their share of what all took. A request whose answer nobody heard is thought to have taken
as many as others of its worker, as far as the server has counted them.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from docmill.pipeline.convert.errors import BackendUnavailableError
from docmill.resources.clients.metering.counters import Counters
from docmill.resources.clients.metering.step_meter import ModelMeter, ModelMeters
from docmill.resources.clients.metering.tally import read_tallies
from docmill.resources.clients.vllm.metrics import ServerMetrics, read_metrics
from docmill.resources.clients.vllm.server import VlmServer
from docmill.resources.clients.vllm.tally import TOKENS
from docmill.resources.clients.vllm.waiting import waited_ns

__all__ = ["TokenReader", "open_token_meter"]

#: A reading takes milliseconds, and answers take seconds.
_EVERY_S = 1.0


class TokenReader:
    """The server's tokens while the workers that count in `folder` wait for it, and for how long they do."""

    def __init__(self, server: VlmServer, folder: Path) -> None:
        self._server = server
        self._folder = folder
        self._before: ServerMetrics | None = None
        self._waited = 0
        self._total = Counters()

    def look_up(self) -> None:
        """There is one server."""

    def close(self) -> None:
        """No connection is kept."""

    def read(self) -> Counters | None:
        """What the server has spent since the first reading; None as long as it gives no metrics."""
        try:
            metrics = read_metrics(self._server)
        except BackendUnavailableError:
            return self._total if self._before else None
        waited = waited_ns(self._folder)
        if waited is None:
            return self._total
        busy = waited - self._waited
        if self._before and busy > 0:
            tokens = _tokens(metrics) - _tokens(self._before)
            # one that was started anew counts from zero
            self._total += Counters(
                inferences=tokens if tokens >= 0 else _tokens(metrics), device_ns=busy, requests=1
            )
        self._before, self._waited = metrics, waited
        return self._total


def open_token_meter(server: VlmServer, folder: Path) -> ModelMeters:
    """Begin to measure what the server spends on the processes that count there."""
    reader = TokenReader(server, folder)
    return ModelMeters([ModelMeter(server.model, reader, partial(read_tallies, folder, TOKENS))], _EVERY_S)


def _tokens(metrics: ServerMetrics) -> int:
    return metrics.prompt_tokens + metrics.generation_tokens
