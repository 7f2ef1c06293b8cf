"""What Ray has no setting for, set in its own modules: the only place that touches them.

Raises `AttributeError` with a Ray that has them elsewhere; the lock pins the one that this was written for.
"""

from __future__ import annotations

import inspect
import socket
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

__all__ = ["give_agents_ports", "stay_at_home"]

_EVERYWHERE = "[::]:"
#: The files have the names of the arguments.
_AGENTS = (
    "metrics_agent_port",
    "metrics_export_port",
    "dashboard_agent_listen_port",
    "runtime_env_agent_port",
)


def stay_at_home() -> None:
    """Keep a replica's own port, which takes pickles from anyone, at the node's address as other ports are.

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
    """Have the next `ray.init` tell its raylet which ports the agents will have.

    Else a raylet waits 15 s until they say which they took, and gives up: on a busy machine they take longer.
    """
    from ray import _raylet
    from ray._private import services

    plain = services.start_raylet
    parameters = inspect.signature(plain)

    def start_raylet(*args: Any, **given: Any) -> Any:
        bound = parameters.bind(*args, **given)
        for name, port in _free_ports().items():
            bound.arguments[name] = port
            # as the agent itself does once it listens
            _raylet.persist_port(bound.arguments["session_dir"], bound.arguments["node_id"], name, port)
        return plain(*bound.args, **bound.kwargs)

    services.start_raylet = start_raylet


def _free_ports() -> Mapping[str, int]:
    with ExitStack() as opened:
        sockets = [opened.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in _AGENTS]
        return {name: each.getsockname()[1] for name, each in zip(_AGENTS, sockets, strict=True)}
