"""What Ray has no setting for, set in its own modules: the only place that touches them.

Raises `AttributeError` with a Ray that has them elsewhere; the lock pins the one that this was written for.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

__all__ = ["give_agents_ports", "stay_at_home"]

_EVERYWHERE = "[::]:"
_AGENTS = ("metrics_agent_port", "dashboard_agent_listen_port", "runtime_env_agent_port")


def stay_at_home() -> None:
    """Keep a replica's own port, which takes pickles from anyone, at the node's address, as Ray's other ports are.

    Ray Serve opens it at all interfaces. To be called before that: when the deployment is made.
    """
    import ray
    from ray.serve._private import replica

    opened = replica.add_port_to_grpc_server
    if getattr(opened, "at_home", False):
        return

    def add_port(server: Any, address: str) -> Any:
        home = f"{ray.util.get_node_ip_address()}:"
        return opened(server, address.replace(_EVERYWHERE, home))

    add_port.at_home = True  # type: ignore[attr-defined]
    replica.add_port_to_grpc_server = add_port


def give_agents_ports() -> None:
    """Have the next `ray.init` give its agents their ports.

    A raylet waits 15 s for agents to say which ports they took, and then gives up: on a busy machine they take
    longer to start.
    """
    from ray._private import parameter

    plain = parameter.RayParams

    class WithPorts(plain):  # type: ignore[misc, valid-type]  # it has no types
        def __init__(self, **given: Any) -> None:
            super().__init__(**given, **_free_ports())

    parameter.RayParams = WithPorts


def _free_ports() -> Mapping[str, int]:
    with ExitStack() as opened:
        sockets = [opened.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in _AGENTS]
        return {name: each.getsockname()[1] for name, each in zip(_AGENTS, sockets, strict=True)}
