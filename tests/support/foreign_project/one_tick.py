"""Evaluates docmill's inbox sensor as the daemon would, and notes what it asks for."""

from __future__ import annotations

import json
import sys
from typing import Any

import dagster as dg
from theirs.definitions import defs  # type: ignore[import-not-found]  # beside this file

loaded: dg.Definitions = defs()
sensor: Any = loaded.get_repository_def().get_sensor_def("docmill_new_pdfs")
with dg.DagsterInstance.get() as instance:
    needed = {key: (loaded.resources or {})[key] for key in sensor.required_resource_keys}
    with dg.build_sensor_context(instance=instance, resources=needed) as context:
        tick = sensor(context)
    for request in tick.dynamic_partitions_requests or ():
        instance.add_dynamic_partitions(request.partitions_def_name, list(request.partition_keys))
json.dump(
    {
        "batches": [request.partition_key for request in tick.run_requests or ()],
        "executor": loaded.resolve_job_def("docmill_convert_documents").executor_def.name,
    },
    sys.stdout,
)
