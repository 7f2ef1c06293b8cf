"""What runs on Ray Serve: a deployment for each model, and the door.

`serve.yaml` names `build` and its arguments.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ray.serve import Application

from docmill_ray.door import Address, Door
from docmill_ray.models.model import Model
from docmill_ray.models.served import read_repository

__all__ = ["build"]


def build(args: Mapping[str, Any]) -> Application:
    """The application of the arguments in `serve.yaml`, which says what they are. Raises `ValueError`."""
    served = read_repository(Path(args["repository"]), list(args["models"]))
    bound: dict[str, Any] = {}
    asleep = set()
    for model in served:
        each, own = args["each_model"], args["of_models"].get(model.name, {})
        options = {"num_replicas": model.instances, **each, **own}
        # what every replica needs, such as a kind of node, and what this one does
        options["ray_actor_options"] = {
            **each.get("ray_actor_options", {}),
            **own.get("ray_actor_options", {}),
        }
        if "autoscaling_config" in options:
            del options["num_replicas"]
            if not options["autoscaling_config"].get("min_replicas", 1):
                asleep.add(model.name)
        others = {name: bound[name] for name in model.calls}
        deployment = Model.options(name=model.name, **options)  # type: ignore[attr-defined]  # Ray's decorator's
        bound[model.name] = deployment.bind(model, others, int(args["threads"]))
    address = Address(
        *(str(args["host"]), int(args["http_port"]), int(args["grpc_port"])),
        *(float(args["grace_s"]), float(args["connection_age_s"])),
    )
    door = Door.options(name="door", **args["door"])  # type: ignore[attr-defined]
    known = {model.name: model for model in served}
    application: Application = door.bind(bound, known, address, frozenset(asleep))
    return application
