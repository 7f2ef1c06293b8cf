"""The Dagster resources of docmill: their keys and classes, and the conversion that they come to."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from functools import wraps
from importlib import import_module
from typing import Any

import dagster as dg
from pydantic import BaseModel

from docmill.pipeline.convert.errors import BackendConfigError
from docmill.pipeline.instance.crew import run_crew
from docmill.pipeline.instance.reporting.progress import LogProgress
from docmill.pipeline.stages.conversion import Conversion
from docmill.pipeline.stages.registry import STAGES
from docmill.pipeline.stages.results.artifacts import ArtifactStore
from docmill.pipeline.stages.running.pool import WorkerLimits
from docmill.pipeline.stages.running.worker import ReaderSettings
from docmill.pipeline.stages.spec import Stage, TimeLimits
from docmill.resources.alerts import Alerts
from docmill.resources.inbox import Inbox
from docmill.resources.settings.checks import Checks
from docmill.resources.settings.pricing import Pricing
from docmill.resources.settings.reader import Reader
from docmill.resources.settings.workers import Workers
from docmill.resources.store import Store
from docmill.resources.tracing import Tracing

__all__ = [
    "conversion_of",
    "conversion_resources",
    "default_resources",
    "in_force",
    "resource_class",
    "resource_classes",
    "taking",
    "without_settings",
]

#: The second has no public name.
_VARIABLES = (dg.EnvVar, type(dg.EnvVar.int("")))
#: What every conversion is configured with, whatever its stages.
_CONVERSION: Mapping[str, type[Any]] = {"store": Store, "reader": Reader, "workers": Workers}
#: What the definitions need besides.
_OTHERS: Mapping[str, type[Any]] = {
    "checks": Checks,
    "pricing": Pricing,
    "inbox": Inbox,
    "alerts": Alerts,
    "tracing": Tracing,
}


def conversion_resources(stages: Iterable[type[Stage]] = STAGES) -> dict[str, type[Any]]:
    """The classes of the resources that a conversion is configured with, by key."""
    return dict(_CONVERSION) | {
        key: _class_of(path) for stage in stages for key, path in stage.resources.items()
    }


def resource_classes(stages: Iterable[type[Stage]] = STAGES) -> dict[str, type[Any]]:
    """The classes of all resources that have settings, by key."""
    return conversion_resources(stages) | dict(_OTHERS)


def resource_class(key: str, stages: Iterable[type[Stage]] = STAGES) -> type[Any]:
    """The class of a resource that has settings; raises `BackendConfigError` where docmill has none."""
    classes = resource_classes(stages)
    if key not in classes:
        raise BackendConfigError(f"docmill has no resource {key!r}; it has {', '.join(sorted(classes))}")
    return classes[key]


def default_resources(stages: Iterable[type[Stage]] = STAGES, given: Container[str] = ()) -> dict[str, Any]:
    """Every resource that is not given with its defaults, by key."""
    known = {key: kind() for key, kind in resource_classes(stages).items() if key not in given}
    return known | {key: each for key, each in without_settings().items() if key not in given}


def without_settings() -> dict[str, Any]:
    """The resources that have no settings, by key: how progress is told, and a run's workers."""
    return {"progress": LogProgress, "crew": run_crew}


def conversion_of(resources: Mapping[str, Any], stages: Sequence[type[Stage]] = STAGES) -> Conversion:
    """The conversion that a run's resources describe, by key. Raises `BackendConfigError`."""
    store: Store = resources["store"]
    reader: Reader = resources["reader"]
    workers: Workers = resources["workers"]
    return Conversion(
        artifacts=ArtifactStore(store.open()),
        sources=store.sources(reader.max_bytes),
        reader=ReaderSettings(reader.opening(), reader.limits()),
        all_stages=[stage.configured(resources) for stage in stages],
        workers=WorkerLimits(workers.processes, workers.memory_mb),
        limits=TimeLimits(workers.task_seconds, workers.document_seconds),
    )


def in_force(resource: Any) -> Any:
    """A resource with the environment's values; its defaults where they are not known here."""
    if not isinstance(resource, dg.ConfigurableResource) or not _names_a_variable(resource):
        return resource
    try:  # half a second: Dagster makes an instance for it
        return resource.process_config_and_initialize()
    except dg.DagsterInvalidConfigError:
        return type(resource)()


def taking(
    classes: Mapping[str, Any], prefix: str = ""
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorates a function `(context, resources)` so that Dagster sees one typed parameter a resource.

    `classes` are the parameters' types by key; `prefix` is put before the keys that Dagster sees, and taken
    off again for the function.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def taken(context: Any, **resources: Any) -> Any:
            return function(context, {key.removeprefix(prefix): value for key, value in resources.items()})

        first = next(iter(inspect.signature(function, eval_str=True).parameters.values()))
        given = [
            inspect.Parameter(prefix + key, inspect.Parameter.KEYWORD_ONLY, annotation=_annotation(kind))
            for key, kind in classes.items()
        ]
        # what an asset returns is no part of it: one with checks has several outputs
        taken.__signature__ = inspect.Signature([first, *given])  # type: ignore[attr-defined]
        taken.__annotations__ = {each.name: each.annotation for each in (first, *given)}
        return taken

    return decorate


def _names_a_variable(value: Any) -> bool:
    """Whether there is a `dg.EnvVar` anywhere in a resource's settings."""
    if isinstance(value, BaseModel):
        return any(_names_a_variable(each) for _, each in value)
    if isinstance(value, Mapping):
        return any(_names_a_variable(each) for each in value.values())
    if isinstance(value, list | tuple):
        return any(_names_a_variable(each) for each in value)
    return isinstance(value, _VARIABLES)


def _annotation(kind: Any) -> Any:
    if isinstance(kind, type) and issubclass(kind, dg.ConfigurableResource):
        return kind
    parameter: Any = dg.ResourceParam
    return parameter[kind]


def _class_of(path: str) -> type[Any]:
    module, _, name = path.partition(":")
    found: type[Any] = getattr(import_module(module), name)
    return found
