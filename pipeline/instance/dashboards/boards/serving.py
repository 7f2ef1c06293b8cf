"""Servers by model, as they tell Prometheus, and as docmill finds them."""

from __future__ import annotations

from docmill.pipeline.instance.dashboards.expressions import Latest, Metric
from docmill.pipeline.instance.dashboards.panels import Dashboard, Panel, Query, Row, added_up, one

__all__ = ["SERVING"]

SERVING = Dashboard(
    "docmill-serving",
    "docmill: serving by model",
    (
        Row(
            "GPU",
            (
                Panel("GPU busy", one("docmill:gpu_busy:ratio", "busy"), "percentunit", of="gpu"),
                Panel(
                    "GPU busy, by model",
                    one("docmill:gpu_busy_by_model:ratio", "{{model}}"),
                    "percentunit",
                    of="gpu",
                ),
                Panel(
                    "GPU memory",
                    (
                        Query(
                            "DCGM_FI_DEV_FB_USED / (DCGM_FI_DEV_FB_USED + DCGM_FI_DEV_FB_FREE)", "{{UUID}}"
                        ),
                        Query("nv_gpu_memory_used_bytes / nv_gpu_memory_total_bytes", "{{gpu_uuid}}, Triton"),
                    ),
                    "percentunit",
                    of="gpu",
                ),
            ),
        ),
        Row(
            "Triton",
            (
                Panel(
                    "Device seconds a second",
                    one("docmill:triton_device_seconds:rate5m", "{{model}}"),
                    "none",
                    of="triton",
                ),
                Panel(
                    "Requests a second",
                    one("sum by (model) (rate(nv_inference_request_success[5m]))", "{{model}}"),
                    "ops",
                    of="triton",
                ),
                Panel(
                    "Failures",
                    one("docmill:triton_failed:ratio_rate5m", "{{model}}"),
                    "percentunit",
                    of="triton",
                ),
                Panel(
                    "Wait in the queue",
                    one("docmill:triton_queue_seconds:rate5m", "{{model}}"),
                    "s",
                    of="triton",
                ),
                Panel(
                    "Requests that wait",
                    one("sum by (model) (nv_inference_pending_request_count)", "{{model}}"),
                    of="triton",
                ),
                Panel(
                    "Batch size", one("docmill:triton_batch_size:rate5m", "{{model}}"), "none", of="triton"
                ),
            ),
        ),
        Row(
            "vLLM",
            (
                Panel(
                    "Requests",
                    (
                        Query("vllm:num_requests_running", "running"),
                        Query("vllm:num_requests_waiting", "waiting"),
                    ),
                    of="vllm",
                ),
                Panel(
                    "KV cache", one("vllm:kv_cache_usage_perc", "{{model_name}}"), "percentunit", of="vllm"
                ),
                Panel(
                    "Tokens a second",
                    (
                        Query("rate(vllm:generation_tokens_total[5m])", "generated"),
                        Query("rate(vllm:prompt_tokens_total[5m])", "read"),
                    ),
                    "ops",
                    of="vllm",
                ),
                Panel(
                    "A request takes, 95th percentile",
                    one(
                        "histogram_quantile(0.95, "
                        "sum by (le) (rate(vllm:e2e_request_latency_seconds_bucket[5m])))",
                        "p95",
                    ),
                    "s",
                    of="vllm",
                ),
                Panel(
                    "Failures",
                    one("docmill:vllm_failed:ratio_rate5m", "{{instance}}"),
                    "percentunit",
                    of="vllm",
                ),
                Panel(
                    "Wait in the queue",
                    one("docmill:vllm_queue_seconds:rate5m", "{{model_name}}"),
                    "s",
                    of="vllm",
                ),
            ),
        ),
        Row(
            "As docmill finds them",
            (
                Panel(
                    "Given up, and no batch has got through since",
                    one(Latest(Metric("docmill_breaker_open")), "{{stage}} {{model}}"),
                    help="1 while work waits for a server that did not answer.",
                    of="device",
                ),
                Panel(
                    "Times that workers gave a server up, of an hour",
                    one(added_up("docmill_breaker_openings", "model"), "{{model}}"),
                    of="device",
                ),
            ),
        ),
    ),
)
