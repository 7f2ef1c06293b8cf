"""The asset of a stage whose pages several steps do at once: `cut`, then a `range` each, then `join`.

`cut` finds out what there is to do, and each `range` leaves page chunks in the store. `join` is the step that
does the whole stage where it is not divided: it finds the page chunks, as after a run that was interrupted,
does what is missing, and ends the documents. A batch that is not long has no `range`. Steps hand each other
nothing but the ranges' names, so that any executor will do.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import dagster as dg

from docmill.pipeline.defs.assets.stage_run import (
    BACKEND_RETRIES,
    Spent,
    lineage,
    manifest_of,
    note_failed,
    note_given_up,
    typed_failures,
)
from docmill.pipeline.defs.names import Names
from docmill.pipeline.defs.resources import conversion_of
from docmill.pipeline.instance.kubernetes import pod_tags
from docmill.pipeline.instance.reporting.metadata import failed_metadata
from docmill.pipeline.instance.reporting.spending import numbers_of, overhead_numbers, overhead_of
from docmill.pipeline.instance.runs.served import resolved_for
from docmill.pipeline.instance.runs.traced import traced_step
from docmill.pipeline.stages.conversion import Conversion, Step
from docmill.pipeline.stages.footprint import IDLE, Footprint
from docmill.pipeline.stages.mapped.ranges import PageRange
from docmill.pipeline.stages.mapped.steps import cut_batch, run_range
from docmill.pipeline.stages.results.step_accounts import Overhead
from docmill.pipeline.stages.running.pool import WorkerLimits
from docmill.pipeline.stages.spec import Stage
from docmill.resources.settings.pricing import Pricing

__all__ = ["MappedSteps", "mapped_asset", "spent_before"]

#: The steps' names within their asset, and the output by which a step tells what it spent.
CUT, RANGE, JOIN = "cut", "range", "join"
_SPENT, _RANGES = "spent", "ranges"
_WALL = "wall_seconds"
_TOLD = {dg.DagsterEventType.STEP_OUTPUT, dg.DagsterEventType.ASSET_MATERIALIZATION}


@dataclass(frozen=True)
class MappedSteps:
    """A stage of a conversion that is divided among steps of `most` pages."""

    stage: Stage
    stages: Sequence[type[Stage]]
    names: Names
    most: int
    limits: WorkerLimits

    def cut(
        self, context: dg.AssetExecutionContext, resources: Mapping[str, Any]
    ) -> Iterator[dg.Output[None] | dg.DynamicOutput[None]]:
        """Name the ranges; none where the stage is off."""
        started, name = time.monotonic(), self.stage.name
        step = Step([], Overhead())
        ranges: Sequence[PageRange] = ()
        with self._conversion(context, resources) as conversion:
            if name in conversion.stages:
                batch = manifest_of(conversion, context.partition_key).documents
                found = cut_batch(
                    conversion,
                    name,
                    batch,
                    self.most,
                    resources["progress"](context.log),
                    partial(note_given_up, context),
                    partial(_note_overhead, context, resources["pricing"]),
                    resources["crew"],
                )
                step, ranges = found.step, found.ranges
        for pages in ranges:
            yield dg.DynamicOutput(None, pages.key, _RANGES)
        yield dg.Output(None, _SPENT, metadata=_metadata(step, started))

    def range(self, context: dg.AssetExecutionContext, resources: Mapping[str, Any]) -> dg.Output[None]:
        """Do a range."""
        started, name = time.monotonic(), self.stage.name
        pages = PageRange.of_key(context.op_execution_context.get_mapping_key() or "")
        with self._conversion(context, resources) as conversion:
            batch = manifest_of(conversion, context.partition_key).documents
            progress, given_up = resources["progress"](context.log), partial(note_given_up, context)
            failed = partial(_note_overhead, context, resources["pricing"])
            crew = resources["crew"]
            step = run_range(conversion, name, batch, pages, progress, given_up, failed, crew)
        return dg.Output(None, _SPENT, metadata=_metadata(step, started))

    @contextmanager
    def _conversion(
        self, context: dg.AssetExecutionContext, resources: Mapping[str, Any]
    ) -> Iterator[Conversion]:
        name, retries = self.stage.name, BACKEND_RETRIES.max_retries
        with traced_step(context, resources["tracing"], name, retries), typed_failures(context):
            conversion = conversion_of(resources, self.stages)
            if name in conversion.stages:
                run, prefix = context.run.run_id, self.names.prefix
                conversion = resolved_for(conversion, name, context.instance, run, prefix)
            yield conversion

    @property
    def cut_footprint(self) -> Footprint:
        """What `cut` takes: it opens documents for the first stage, and only looks up for the others."""
        return IDLE if self.stage.needs else self.stage.footprint(self.limits)


def mapped_asset(
    steps: MappedSteps,
    join: Callable[..., Any],
    take: Callable[[Callable[..., Any]], Callable[..., Any]],
    upstream: Sequence[dg.AssetKey],
    about: Mapping[str, Any],
) -> dg.AssetsDefinition:
    """The asset; `join` materializes it, `take` gives a step its resources, and `about` describes it."""
    key: dg.AssetKey = about["key"]
    stage, graph = steps.stage, key.to_python_identifier()
    ins = {each.to_python_identifier(): each for each in upstream}
    outs = ["result", *(check.get_python_identifier() for check in about["check_specs"])]
    working: dict[str, Any] = {"retry_policy": BACKEND_RETRIES, "pool": stage.server}
    pod = pod_tags(stage.footprint(steps.limits))
    nothing = dg.In(dg.Nothing)
    cut_op = dg.op(
        name=f"{graph}_{CUT}",
        description="Which pages are to be done, in ranges.",
        ins=dict.fromkeys(ins, nothing),
        out={_RANGES: dg.DynamicOut(dg.Nothing), _SPENT: dg.Out(dg.Nothing)},
        tags=pod_tags(steps.cut_footprint),
        retry_policy=BACKEND_RETRIES,
    )(take(steps.cut))
    range_op = dg.op(
        name=f"{graph}_{RANGE}",
        description="Does the pages of a range.",
        ins={CUT: nothing},
        out={_SPENT: dg.Out(dg.Nothing)},
        tags=pod,
        **working,
    )(take(steps.range))
    join_op = dg.op(
        name=f"{graph}_{JOIN}",
        description="Joins the pages to documents, and does those that are missing.",
        ins={CUT: nothing, RANGE: nothing},
        out={name: dg.Out(dg.Nothing) for name in outs},
        tags=pod,
        code_version=about["code_version"],
        **working,
    )(join)

    def compose(**given: Any) -> dict[str, Any]:
        ranges, spent = cut_op.alias(CUT)(**given)
        done = ranges.map(range_op.alias(RANGE)).collect()
        joined = join_op.alias(JOIN)(**{CUT: spent, RANGE: done})
        return dict(zip(outs, joined if len(outs) > 1 else [joined], strict=True))

    keyword = inspect.Parameter.KEYWORD_ONLY
    compose.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [inspect.Parameter(name, keyword) for name in ins]
    )
    inputs = {name: dg.AssetIn(each, dagster_type=dg.Nothing) for name, each in ins.items()}
    return dg.graph_asset(ins=inputs, **about)(compose)


def spent_before(context: dg.AssetExecutionContext, key: dg.AssetKey) -> Spent:
    """What `cut` and the ranges spent for the asset, in this run and in those that it goes on from.

    Runs that have materialized it told so there. The wall time is from when the first of them began in this
    run.
    """
    run, steps = context.run, f"{key.to_python_identifier()}."
    overhead, now = Overhead(), time.time()
    began = now
    for each in lineage(run):
        entries = context.instance.all_logs(each, of_type=_TOLD)
        said = [entry for entry in entries if entry.dagster_event and _is_of(entry.dagster_event, steps)]
        if any(entry.dagster_event_type is dg.DagsterEventType.ASSET_MATERIALIZATION for entry in said):
            continue
        for entry in said:
            numbers = numbers_of(entry.get_dagster_event().step_output_data.metadata)
            overhead += overhead_of(numbers)
            if each == run.run_id and _WALL in numbers:
                began = min(began, entry.timestamp - numbers[_WALL])
    return Spent(overhead, now - began)


def _is_of(event: dg.DagsterEvent, steps: str) -> bool:
    return (event.step_key or "").startswith(steps)


def _note_overhead(context: dg.AssetExecutionContext, pricing: Pricing, step: Step) -> None:
    """Note what a step has spent that fails; what its page chunks hold is of the step that joins them."""
    note_failed(context, failed_metadata([], step.overhead, pricing.price()))


def _metadata(step: Step, started: float) -> dict[str, float]:
    """What a step did and spent; what page chunks hold is no part of what is summed up from it."""
    records = step.records
    return {
        "pages": float(sum(len(record.pages) for record in records if not record.reused)),
        _WALL: round(time.monotonic() - started, 3),
        **overhead_numbers(step.overhead, None),
    }
