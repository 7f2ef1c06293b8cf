"""A model's own code, run here as Triton runs it. It needs no Ray."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

from docmill_ray.models import backend_utils
from docmill_ray.models.joiner import Limits
from docmill_ray.models.served import Served

__all__ = ["limits", "loaded", "parameters_of"]

_MICRO = 1e-6


def loaded(served: Served, on_gpu: bool) -> Any:
    """The model's own code, with its weights."""
    sys.modules["triton_python_backend_utils"] = backend_utils
    version = served.folder / served.version
    # what lies beside its code, and what docmill's backends share
    sys.path[:0] = [str(version), str(Path(__file__).parents[4] / "model_repository" / "shared")]
    spec = importlib.util.spec_from_file_location("served_model", served.code)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    model = module.TritonPythonModel()
    if hasattr(model, "initialize"):  # it need not have one
        model.initialize(
            {
                "model_config": json.dumps(served.as_json()),
                "model_name": served.name,
                "model_repository": str(served.folder),
                "model_version": served.version,
                "model_instance_name": served.name,
                "model_instance_kind": "GPU" if on_gpu else "CPU",
                # of those that the process is shown
                "model_instance_device_id": "0",
            }
        )
    return model


def limits(served: Served, model: Any) -> Limits:
    """As the configuration says; one request at a time where the model gains nothing from more."""
    batching = served.config.dynamic_batching
    policy = batching.default_queue_policy
    joins = served.config.max_batch_size > 1 and getattr(model, "joins", True)
    timeout = policy.default_timeout_microseconds
    return Limits(
        items=served.config.max_batch_size if joins else 1,
        queue=policy.max_queue_size,
        wait_s=timeout * _MICRO if timeout else float("inf"),
        delay_s=batching.max_queue_delay_microseconds * _MICRO if joins else 0.0,
    )


def parameters_of(message: Any) -> dict[str, str | int | bool]:
    """Of a `ModelInferRequest`."""
    return {
        key: getattr(value, value.WhichOneof("parameter_choice"))
        for key, value in message.parameters.items()
        if value.WhichOneof("parameter_choice")
    }
