"""An asset of each stage: partitioned by batch, with the resources and retries that all share."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any

import dagster as dg

from docmill.pipeline.defs.assets.exported_batch import SETTLING
from docmill.pipeline.defs.assets.layout_overlays import OVERLAYS
from docmill.pipeline.defs.assets.mapped_stage import MappedSteps, mapped_asset, spent_before
from docmill.pipeline.defs.assets.stage_run import (
    BACKEND_RETRIES,
    NOTHING_SPENT,
    Followed,
    FollowUp,
    other_stages,
    run_stage,
    stop_batch,
    typed_failures,
)
from docmill.pipeline.defs.checks import check_result, check_spec
from docmill.pipeline.defs.labels import OWNERS, asset_tags
from docmill.pipeline.defs.names import Names
from docmill.pipeline.defs.resources import conversion_of, conversion_resources, taking
from docmill.pipeline.instance.kubernetes import pod_tags
from docmill.pipeline.instance.reporting.metadata import arranged, fallback_metadata, served_metadata
from docmill.pipeline.instance.reporting.progress import LogProgress
from docmill.pipeline.instance.reporting.spending import with_totals
from docmill.pipeline.instance.runs.served import resolved_for
from docmill.pipeline.instance.runs.traced import StepTrace, traced_step
from docmill.pipeline.stages.checks import Check, Finding
from docmill.pipeline.stages.running.pool import WorkerLimits
from docmill.pipeline.stages.running.workers.crew import Crew
from docmill.pipeline.stages.spec import PageStage, Stage
from docmill.resources.settings.checks import Checks
from docmill.resources.settings.pricing import Pricing
from docmill.resources.settings.workers import Workers
from docmill.resources.tracing import Tracing

__all__ = ["stage_assets"]

#: Documents that each stage's table has though there is nothing to say of them: Dagster keeps it three times.
_ORDINARY = 16
#: The last stage's table has the whole batch.
_ALL = 256
#: Workers of a step in a pod of its own where the definitions do not say how many: as many as it has CPUs.
_POD_WORKERS = 4
#: What follows a stage's work in the same step.
_AFTER: Mapping[str, FollowUp] = MappingProxyType({"layout": OVERLAYS, "exports": SETTLING})
_NOTHING = FollowUp(lambda _: Followed({}))


def stage_assets(
    stages: Sequence[type[Stage]],
    defaults: Mapping[str, Any],
    names: Names | None = None,
    *,
    intake: Sequence[dg.AssetKey] = (),
    owners: Sequence[str] = OWNERS,
    pages_per_step: int = 0,
) -> list[dg.AssetsDefinition]:
    """The assets of the stages, in order.

    `defaults` are the definitions' resources by key, as they are in force: what is served is marked so, and
    bounded by the instance's pool of that name. `intake` are the assets that stages come from which need no
    other stage. `pages_per_step` divides stages that have more pages to do; 0: never.
    """
    classes = conversion_resources(stages) | {
        "checks": Checks,
        "pricing": Pricing,
        "crew": Crew,
        "progress": LogProgress,
        "tracing": Tracing,
    }
    names = names or Names()
    take = taking(classes, names.resource_prefix)
    configured = [stage.configured(defaults) for stage in stages]
    limits = _pod_workers(defaults["workers"])
    asset = partial(
        _asset, names=names, stages=stages, take=take, owners=owners, limits=limits, most=pages_per_step
    )
    known = {stage.name for stage in stages}
    return [
        asset(stage, [names.key(needed) for needed in stage.needs if needed in known] or intake)
        for stage in configured
    ]


def _asset(
    stage: Stage,
    upstream: Sequence[dg.AssetKey],
    *,
    names: Names,
    stages: Sequence[type[Stage]],
    take: Callable[..., Any],
    owners: Sequence[str],
    limits: WorkerLimits,
    most: int,
) -> dg.AssetsDefinition:
    key = names.key(stage.name)
    others = {names.key(each.name) for each in stages[:-1]}
    after = _AFTER.get(stage.name, _NOTHING)
    checks: list[Check] = [*stage.checks, *after.checks]

    after_it = stages[[each.name for each in stages].index(stage.name) + 1 :]
    mapped = most > 0 and isinstance(stage, PageStage) and stage.mapped
    later = {names.key(each.name).to_python_identifier() for each in after_it}

    def materialize(
        context: dg.AssetExecutionContext, resources: Mapping[str, Any]
    ) -> dg.MaterializeResult[None]:
        tracing: Tracing = resources["tracing"]
        with (
            traced_step(context, tracing, stage.name, BACKEND_RETRIES.max_retries) as trace,
            typed_failures(context),
        ):
            trace.ends_batch = later.isdisjoint(node.name for node in context.job_def.nodes)
            return materialized(context, resources, trace)

    def materialized(
        context: dg.AssetExecutionContext, resources: Mapping[str, Any], trace: StepTrace
    ) -> dg.MaterializeResult[None]:
        conversion = conversion_of(resources, stages)
        if stage.name not in conversion.stages:
            return dg.MaterializeResult(
                metadata={**stage.facts(), "pages": 0.0, **trace.metadata},
                data_version=dg.DataVersion("off"),
                check_results=[check_result(check, Finding(True, "it is off")) for check in checks],
            )
        conversion = resolved_for(conversion, stage.name, context.instance, context.run.run_id, names.prefix)
        before = spent_before(context, key) if mapped else NOTHING_SPENT
        ordinary = _ORDINARY if later else _ALL
        outcome = run_stage(context, conversion, stage.name, resources, ordinary, before)
        if conversion.fell_back(stage.name):
            context.log.warning(f"{stage.name}: its server is away; done with the embedded model")
            by_server = fallback_metadata(outcome.records)
        else:
            by_server = served_metadata(conversion.served.get(stage.name, {}))
        followed = after.run(outcome)
        findings = [*outcome.findings, *zip(after.checks, followed.findings, strict=True)]
        if why := stop_batch(outcome, findings):
            trace.ends_batch, trace.error = True, why
        metadata = outcome.metadata if later else with_totals(outcome.metadata, other_stages(context, others))
        return dg.MaterializeResult(
            metadata=arranged(
                {
                    **outcome.stage.facts(),
                    **metadata,
                    **by_server,
                    **followed.metadata,
                    **trace.metadata,
                }
            ),
            data_version=dg.DataVersion(conversion.fingerprints[stage.name]),
            check_results=[check_result(check, found) for check, found in findings],
        )

    about: dict[str, Any] = {
        "key": key,
        "group_name": names.of("convert"),
        "description": inspect.getdoc(type(stage)),
        "owners": list(owners),
        "tags": asset_tags("page" if isinstance(stage, PageStage) else "document", stage.server or "workers"),
        "kinds": {stage.server} if stage.server else set(stage.kinds),
        "partitions_def": names.batches,
        "code_version": str(stage.version),
        "check_specs": [check_spec(check, key) for check in checks],
    }
    if mapped:
        steps = MappedSteps(stage, stages, names, most, limits)
        return mapped_asset(steps, take(materialize), take, upstream, about)
    whole: dg.AssetsDefinition = dg.asset(
        deps=upstream,
        op_tags=pod_tags(stage.footprint(limits)),
        retry_policy=BACKEND_RETRIES,
        pool=stage.server,
        **about,
    )(take(materialize))
    return whole


def _pod_workers(workers: Workers) -> WorkerLimits:
    """The workers of a step that has a machine of its own: the CPUs of this one say nothing of it."""
    return WorkerLimits(workers.count or _POD_WORKERS, workers.memory_mb)
