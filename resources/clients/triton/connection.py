"""gRPC channels to a server."""

from __future__ import annotations

from typing import Any

__all__ = ["connect"]

_CHANNEL = (
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
    # gRPC's own pauses between attempts to connect grow to two minutes: longer than a server's restart
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 2000),
    # else a new client waits out the pause of another one that came before the server was up
    ("grpc.use_local_subchannel_pool", 1),
    # a name with several addresses is several servers
    ("grpc.lb_policy_name", "round_robin"),
)


def connect(url: str) -> Any:
    """A new client; it connects when first used. gRPC does not survive a fork: one for each process."""
    from tritonclient.grpc import InferenceServerClient  # half a second, and no use to other backends

    return InferenceServerClient(url, channel_args=list(_CHANNEL))
