"""docmill's Dagster definitions, for its own code location and for others'."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from docmill.pipeline.convert.errors import BackendConfigError
from docmill.pipeline.defs.assets.corpus_report import corpus_report
from docmill.pipeline.defs.assets.inbox import INBOX, inbox_asset
from docmill.pipeline.defs.assets.stage_assets import stage_assets
from docmill.pipeline.defs.automation.alert_sensors import alert_on_failure, alert_on_trouble
from docmill.pipeline.defs.automation.interrupted_runs import interrupted_runs
from docmill.pipeline.defs.automation.schedules import daily_report, nightly_backfill, redo_fallback
from docmill.pipeline.defs.automation.sensors import new_pdfs, requested_batches, unretried_runs
from docmill.pipeline.defs.convert_files import convert_files
from docmill.pipeline.defs.jobs import convert_documents, report_corpus
from docmill.pipeline.defs.labels import OWNERS
from docmill.pipeline.defs.names import Names
from docmill.pipeline.defs.resources import default_resources, in_force, resource_class, without_settings
from docmill.pipeline.stages.registry import STAGES
from docmill.pipeline.stages.spec import Stage
from docmill.resources.triton import Triton

__all__ = ["docmill_definitions"]


def docmill_definitions(
    *,
    key_prefix: str | Sequence[str] = (),
    resources: Mapping[str, Any] | None = None,
    executor: dg.ExecutorDefinition | None = None,
    jobs: bool = True,
    automation: bool = True,
    stages: Sequence[type[Stage]] = STAGES,
    owners: Sequence[str] = OWNERS,
    pages_per_pod: int = 0,
) -> dg.Definitions:
    """Assets, checks, jobs, sensors, schedules and resources of docmill; merge them with your own.

    Args:
        key_prefix: Parts before every asset key (`["ingest"]`, or `"ingest"`). All other names, of jobs,
            sensors, schedules, groups, resources and of the partitions, get them too, joined by `_`: the
            resource `store` is `ingest_store`, the job `convert_documents` is `ingest_convert_documents`.
        resources: docmill's resources by their names without prefix, in place of the defaults.
        executor: That of docmill's jobs; by default they run with the code location's.
        jobs: Whether there are jobs.
        automation: Whether there are sensors and schedules, which launch those jobs.
        stages: The stages of a conversion, in order.
        owners: Whose the assets are: `team:NAME`, or addresses.
        pages_per_pod: Stages that have more pages to do of a batch are divided among steps of so many pages;
            0: never.

    Raises `BackendConfigError` for a resource that docmill does not know, or of another class.
    """
    parts = (key_prefix,) if isinstance(key_prefix, str) else tuple(key_prefix)
    names = Names(tuple(part for part in parts if part))
    chosen = _resources(stages, resources or {})
    known = {key: in_force(resource) for key, resource in chosen.items()}
    return dg.Definitions(
        assets=[
            inbox_asset(names, known["inbox"], owners),
            *stage_assets(
                stages,
                known,
                names,
                intake=[names.key(INBOX)],
                owners=owners,
                pages_per_step=pages_per_pod,
            ),
            corpus_report(names, stages[-1].name, owners),
        ],
        jobs=[
            convert_documents(names, stages, executor),
            convert_files(names, executor),
            report_corpus(names, executor),
        ]
        if jobs
        else [],
        schedules=_schedules(names, stages, _redo(known)) if jobs and automation else [],
        sensors=[
            new_pdfs(names, chosen["inbox"]),
            requested_batches(names),
            unretried_runs(names),
            interrupted_runs(names, [stage.name for stage in stages]),
            alert_on_failure(
                names, chosen["alerts"], [INBOX, *(stage.name for stage in stages), "corpus_report"]
            ),
            alert_on_trouble(names, chosen["alerts"], stages[-1].name),
        ]
        if jobs and automation
        else [],
        resources={names.of(key): resource for key, resource in chosen.items()},
    )


def _redo(known: Mapping[str, Any]) -> str:
    triton: Triton | None = known.get("triton")  # other stages may have no use for it
    return triton.redo_fallback if triton else ""


def _schedules(names: Names, stages: Sequence[type[Stage]], redo: str) -> list[dg.ScheduleDefinition]:
    always = [nightly_backfill(names, stages), daily_report(names)]
    return [*always, redo_fallback(names, stages, redo)] if redo else always


def _resources(stages: Sequence[type[Stage]], given: Mapping[str, Any]) -> dict[str, Any]:
    """docmill's resources by their names; `given` in place of the defaults."""
    found = default_resources(stages, given)
    for key, resource in given.items():
        if key in without_settings():
            continue
        kind = resource_class(key, stages)
        if not isinstance(resource, kind):
            raise BackendConfigError(
                f"docmill's resource {key!r} is a {kind.__module__}.{kind.__name__}, not {resource!r}"
            )
    return found | dict(given)
