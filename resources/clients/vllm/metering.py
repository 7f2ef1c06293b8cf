"""Device seconds of a worker's chunk: the time that the server was busy for it, shared by tokens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from docmill.pipeline.convert.errors import BackendUnavailableError
from docmill.resources.clients.vllm.metrics import ServerMetrics, read_metrics
from docmill.resources.clients.vllm.server import VlmServer

__all__ = ["Spent", "TokenWindow"]


@dataclass(frozen=True)
class Spent:
    """What an engine has used so far: seconds with requests in flight, and tokens of its own requests."""

    seconds: float = 0.0
    tokens: int = 0


class TokenWindow:
    """The server is busy as long as requests are in flight; others' requests share it by their tokens.

    So several workers and clients of one server each get their part of its time, and the parts add up. A
    server that gives no metrics gets no figure.
    """

    def __init__(self, server: VlmServer, spent: Callable[[], Spent]) -> None:
        self._server = server
        self._spent = spent
        self._before = spent()
        self._metrics = _metrics(server)

    def close(self) -> dict[str, float]:
        """Device seconds by model; nothing when nothing was asked or the server does not count."""
        after, metrics = self._spent(), _metrics(self._server)
        own = after.tokens - self._before.tokens
        if own <= 0 or metrics is None or self._metrics is None:
            return {}
        everyone = _tokens(metrics) - _tokens(self._metrics)
        # a server that was started anew counts from zero; its own requests are the least that it did
        share = own / max(everyone, own)
        return {self._server.model: (after.seconds - self._before.seconds) * share}


def _metrics(server: VlmServer) -> ServerMetrics | None:
    try:
        return read_metrics(server)
    except BackendUnavailableError:
        return None


def _tokens(metrics: ServerMetrics) -> int:
    return metrics.prompt_tokens + metrics.generation_tokens
