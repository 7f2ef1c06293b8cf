"""JSON schemas of the custom resources that charts make, derived from their published types.

Run in the environment of `deploy/helm/requirements.lock`: importing the types takes seconds, so what
comes of it is written to a file once.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

__all__ = ["strict", "write"]

#: Of a ScaledObject's `fallback` since KEDA 2.17. The types for Python before 3.14 end with 2.16; this is
#: what those of 2.20 (cloudcoil-models-keda 2.20.2.1) have. An older KEDA's API server drops the field.
_CURRENT = ("currentReplicas", "currentReplicasIfHigher", "currentReplicasIfLower")
_FALLBACK_BEHAVIOR = {"enum": ["static", *_CURRENT, "scalingModifiers"]}


def strict(schema: Any) -> Any:
    """The same schema with unknown fields and nulls refused.

    Types generated from a CRD allow null wherever a field may be left out; a field that renders as null is a
    template's mistake.
    """
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    alternatives = [each for each in schema.get("anyOf", []) if each != {"type": "null"}]
    if len(alternatives) == 1:
        rest = {key: value for key, value in schema.items() if key not in ("anyOf", "default")}
        return strict(rest | alternatives[0])
    made = {key: strict(value) for key, value in schema.items()}
    if made.get("type") == "object" and made.get("properties") and "additionalProperties" not in made:
        made["additionalProperties"] = False
    return made


def write(to: Path) -> None:
    """Write the schemas by `apiVersion/kind`."""
    from cloudcoil.models.keda import v1alpha1 as keda
    from cloudcoil.models.prometheus_operator import v1 as operator

    kinds = {
        "keda.sh/v1alpha1": (keda.ScaledObject, keda.ScaledJob, keda.TriggerAuthentication),
        "monitoring.coreos.com/v1": (operator.ServiceMonitor, operator.PodMonitor, operator.PrometheusRule),
    }
    schemas = {
        f"{group}/{model.__name__}": strict(model.model_json_schema(by_alias=True))
        for group, models in kinds.items()
        for model in models
    }
    fallback = schemas["keda.sh/v1alpha1/ScaledObject"]["$defs"]["Fallback"]
    fallback["properties"].setdefault("behavior", _FALLBACK_BEHAVIOR)
    to.write_text(json.dumps(schemas))


if __name__ == "__main__":
    write(Path(sys.argv[1]))
