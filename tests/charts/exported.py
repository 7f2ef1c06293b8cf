"""The metrics that queries of charts may read, and who exports them."""

from __future__ import annotations

import yaml

from docmill.pipeline.instance.metrics.families import COUNTERS, GAUGES, HISTOGRAMS
from tests.charts.rendering import ROOT

__all__ = ["KNOWN", "TRITON", "VLLM"]

#: Triton 2.51's, as docs/triton.md's local server exports them; `nv_gpu_*` where there is a GPU.
#: https://docs.nvidia.com/deeplearning/triton-inference-server/user-guide/docs/user_guide/metrics.html
TRITON = frozenset(
    (
        "nv_inference_request_success",
        "nv_inference_request_failure",
        "nv_inference_count",
        "nv_inference_exec_count",
        "nv_inference_request_duration_us",
        "nv_inference_queue_duration_us",
        "nv_inference_compute_input_duration_us",
        "nv_inference_compute_infer_duration_us",
        "nv_inference_compute_output_duration_us",
        "nv_inference_pending_request_count",
    )
)
_TRITON_GPU = frozenset(("nv_gpu_utilization",))
#: vLLM 0.32's, and its web server's of requests that it has had.
VLLM = frozenset(
    (
        "vllm:num_requests_running",
        "vllm:num_requests_waiting",
        "vllm:kv_cache_usage_perc",
        "vllm:request_queue_time_seconds_sum",
        "vllm:request_queue_time_seconds_count",
        "http_requests_total",
    )
)
_OTHERS = frozenset(("up", "DCGM_FI_DEV_GPU_UTIL"))


def _docmill() -> frozenset[str]:
    counters = (f"{name}_total" for name in COUNTERS)
    histograms = (f"{name}_{part}" for name in HISTOGRAMS for part in ("bucket", "sum", "count"))
    return frozenset((*counters, *histograms, *GAUGES))


def _recorded() -> frozenset[str]:
    text = (ROOT / "deploy" / "monitoring" / "rules" / "recording.yml").read_text()
    return frozenset(rule["record"] for group in yaml.safe_load(text)["groups"] for rule in group["rules"])


KNOWN = _docmill() | _recorded() | TRITON | _TRITON_GPU | VLLM | _OTHERS
