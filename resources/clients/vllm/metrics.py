"""What a vLLM server says of itself: health, and the metrics that docmill reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from docmill.pipeline.convert.errors import BackendUnavailableError
from docmill.resources.clients.certificates import certificates
from docmill.resources.clients.vllm.server import VlmServer

if TYPE_CHECKING:
    import httpx2

__all__ = ["ServerMetrics", "is_healthy", "read_metrics"]

_PATIENCE_S = 5.0
_PREFIX = "vllm:"


@dataclass(frozen=True)
class ServerMetrics:
    """One reading. Counters count since the server's start; all its clients' requests are in them."""

    running: int = 0
    waiting: int = 0
    #: Share of the KV cache in use, 0 to 1.
    kv_cache: float = 0.0
    prompt_tokens: int = 0
    generation_tokens: int = 0
    preemptions: int = 0
    #: Finished requests by finish reason: stop, length, abort, ...
    finished: Mapping[str, int] = field(default_factory=dict)
    #: Sums of vLLM's histograms, in seconds.
    inference_s: float = 0.0
    queue_s: float = 0.0

    @property
    def answered(self) -> int:
        """Requests that came to their own end."""
        return sum(count for reason, count in self.finished.items() if reason in ("stop", "length"))


def is_healthy(server: VlmServer) -> bool:
    """Whether the server's engine is alive, by vLLM's own word; servers of other makes may have none."""
    import httpx2

    try:
        return _get(f"{server.root}/health").status_code == httpx2.codes.OK
    except httpx2.HTTPError:
        return False


def read_metrics(server: VlmServer) -> ServerMetrics:
    """The server's metrics now. Raises `BackendUnavailableError` when it has none to give."""
    import httpx2
    from prometheus_client.parser import text_string_to_metric_families

    try:
        text = _get(f"{server.root}/metrics").raise_for_status().text
    except httpx2.HTTPError as error:
        raise BackendUnavailableError(f"{server.root} gives no metrics: {error}") from error
    sums: dict[str, float] = {}
    finished: dict[str, int] = {}
    try:
        families = list(text_string_to_metric_families(text))
    except ValueError as error:
        raise BackendUnavailableError(f"{server.root}/metrics is not Prometheus' format: {error}") from error
    for family in families:
        for sample in family.samples:
            name = sample.name.removeprefix(_PREFIX)
            sums[name] = sums.get(name, 0.0) + sample.value
            if name == "request_success_total":
                reason = sample.labels.get("finished_reason", "")
                finished[reason] = finished.get(reason, 0) + int(sample.value)
    return ServerMetrics(
        running=int(sums.get("num_requests_running", 0)),
        waiting=int(sums.get("num_requests_waiting", 0)),
        kv_cache=sums.get("kv_cache_usage_perc", 0.0),
        prompt_tokens=int(sums.get("prompt_tokens_total", 0)),
        generation_tokens=int(sums.get("generation_tokens_total", 0)),
        preemptions=int(sums.get("num_preemptions_total", 0)),
        finished=finished,
        inference_s=sums.get("request_inference_time_seconds_sum", 0.0),
        queue_s=sums.get("request_queue_time_seconds_sum", 0.0),
    )


def _get(url: str) -> httpx2.Response:
    import httpx2

    return httpx2.get(url, timeout=_PATIENCE_S, follow_redirects=True, verify=certificates())
