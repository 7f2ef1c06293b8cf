"""A Ray of its own with the application, until it is told to stop, or a part dies that Ray does not replace.

    python -m docmill_ray.session serve.yaml OVERRIDES FOLDER

SIGTERM ends it; SIGHUP deploys the application anew, without a gap. Ends with 3 when Ray is lost.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

__all__ = ["LOST", "VARIABLES"]

LOST = 3
#: What Ray reads when it is imported, and hands to its own processes.
VARIABLES = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_AUTH_MODE": "disabled",
    # with this Ray takes 127.0.0.1 for the node's address, and keeps all its ports there
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    # a busy machine takes longer than 30 s to start the agents
    "RAY_agent_register_timeout_ms": "180000",
    # plain lines
    "RAY_COLOR_PREFIX": "0",
    # workers would run at nice 15
    "RAY_worker_niceness": "0",
    # a third of the CPU of a request, and no large message through the object store
    "RAY_SERVE_USE_GRPC_BY_DEFAULT": "1",
    "RAY_SERVE_REPLICA_GRPC_MAX_MESSAGE_LENGTH": str(2**31 - 1),
    # models compute in a thread of their own
    "RAY_SERVE_RUN_USER_CODE_IN_SEPARATE_THREAD": "0",
    "RAY_SERVE_RUN_ROUTER_IN_SEPARATE_LOOP": "0",
}
_NEEDED = ("raylet", "gcs_server")
_LOOK_S = 0.5
_STORE = 256 << 20
_PARENT_DIED = 1


def main(config: str, overrides: str, folder: str) -> int:
    """The command."""
    ctypes.CDLL(None).prctl(_PARENT_DIED, signal.SIGTERM)
    os.environ |= VARIABLES
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    import ray
    from ray import serve

    from docmill_ray.ray_internals import give_agents_ports

    give_agents_ports()
    try:
        ray.init(
            address="local",
            include_dashboard=False,
            object_store_memory=_STORE,
            _temp_dir=folder,
            namespace="docmill",
        )
    except Exception as error:  # noqa: BLE001 - a raylet that needs more than 30 s, as on a busy machine
        print(f"Ray did not start: {error}", flush=True)
        return LOST
    needed = _needed()
    try:
        said = _read(config, overrides)
        serve.start(proxy_location=said["proxy_location"], logging_config=said["logging_config"])
        _deploy(said)
        # until here SIGTERM ends this process, and the one above ends what Ray has begun
        wake, ended, anew = threading.Event(), threading.Event(), threading.Event()

        def note(what: threading.Event) -> Callable[[int, Any], None]:
            def noted(*_: Any) -> None:
                what.set()
                wake.set()

            return noted

        for number, what in ((signal.SIGTERM, ended), (signal.SIGINT, ended), (signal.SIGHUP, anew)):
            signal.signal(number, note(what))
        print("ready", flush=True)
        while not ended.is_set():
            wake.wait(_LOOK_S)
            wake.clear()
            if not all(map(_lives, needed)):
                print("Ray has lost its raylet or its store", flush=True)
                os._exit(LOST)  # shutdown would wait for them
            if anew.is_set():
                anew.clear()
                _deploy_anew(config, overrides)
    finally:
        serve.shutdown()
        ray.shutdown()
    return 0


def _read(config: str, overrides: str) -> dict[str, Any]:
    import yaml

    said: dict[str, Any] = yaml.safe_load(Path(config).read_text("utf-8"))
    said["applications"][0]["args"] |= json.loads(Path(overrides).read_text("utf-8"))
    return said


def _deploy_anew(config: str, overrides: str) -> None:
    """What is there stays when what is new does not start."""
    try:
        _deploy(_read(config, overrides))
        print("deployed anew", flush=True)
    except Exception as error:  # noqa: BLE001 - of the file, a model's code, or Ray
        print(f"ERROR not deployed anew: {error}", flush=True)


def _deploy(said: Mapping[str, Any]) -> None:
    """The same as `serve deploy` with the file, which needs Ray's dashboard."""
    from ray import serve

    from docmill_ray.application import build

    [application] = said["applications"]
    serve.run(
        build(application["args"]),
        name=application["name"],
        route_prefix=application["route_prefix"],
        logging_config=said["logging_config"],
    )


def _needed() -> list[int]:
    """Ray's processes that it cannot do without, which are children of this one."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            stat = (process / "stat").read_text()
        except OSError:  # it has just ended
            continue
        name, _, rest = stat.partition("(")[2].rpartition(")")
        if int(rest.split()[1]) == os.getpid() and name in _NEEDED:
            found.append(int(process.name))
    return found


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
