"""`docmill convert`: batches of the files named, and one in-process run of the Dagster job for each."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from socket import gethostname
from typing import Any

import dagster as dg
from rich.console import Console

from docmill.pipeline.cli.console import LiveProgress, download_progress, print_summary
from docmill.pipeline.cli.options.stages import STAGE_OPTIONS
from docmill.pipeline.convert.errors import BackendConfigError
from docmill.pipeline.corpus.ledger.ledger import open_ledger
from docmill.pipeline.defs.assets.stage_run import INTERRUPTED
from docmill.pipeline.defs.definitions import defs
from docmill.pipeline.defs.jobs import CONVERT_DOCUMENTS
from docmill.pipeline.defs.partitions import BATCHES
from docmill.pipeline.defs.resources import conversion_of, in_force
from docmill.pipeline.instance.launcher import HOST_TAG
from docmill.pipeline.instance.own_instance import open_instance
from docmill.pipeline.instance.served import as_noted
from docmill.pipeline.intake.batches import BatchLimits, DocumentRef, Manifest
from docmill.pipeline.intake.ingest import distinct_names, find_documents, make_batches
from docmill.pipeline.stages.conversion import Conversion
from docmill.pipeline.stages.results.records import StageRecord
from docmill.resources.clients.files.document_store import DocumentStore
from docmill.resources.settings.exports import Exports

__all__ = [
    "BatchRun",
    "ConvertOptions",
    "Summary",
    "check_options",
    "configured_conversion",
    "convert_files",
    "convert_places",
    "resource_config",
    "run_batches",
]

_PASSWORD_VARIABLE = "DOCMILL_PASSWORD"


@dataclass(frozen=True)
class ConvertOptions:
    """The command's options, as `docmill convert --help` explains them.

    `stages` are those that the stages bring, by `StageOption.name`; what is left out is as it is set.
    """

    places: Sequence[str]
    out: str = ""
    stages: Mapping[str, Any] = field(default_factory=dict)
    jobs: int | None = None
    password: str = ""
    timeout: float | None = None
    memory: int | None = None
    debug_overlays: bool = False
    batch_size: int = 64
    log_level: str = "CRITICAL"

    def check(self) -> None:
        """Raise `BackendConfigError` for an option or a choice that does not exist."""
        check_options(self.stages)

    @property
    def place(self) -> str:
        """Where the results go: as it was asked, else as it is set, else `./out`."""
        exports: Exports = _as_set("exports")
        return _absolute(self.out or exports.out or "out")

    def run_config(self) -> dict[str, Any]:
        """The run's configuration, as the launchpad would show it. It names the variable of the password."""
        workers = {"count": self.jobs, "task_seconds": self.timeout, "memory_mb": self.memory}
        settings: dict[str, dict[str, Any]] = {
            "workers": {key: value for key, value in workers.items() if value is not None},
            "exports": {"out": self.place, "index": False},
            # whoever names files wants to hear of each
            "checks": {"max_failed_share": 1.0},
        }
        if self.password:
            settings["reader"] = {"password": {"env": _PASSWORD_VARIABLE}}
        return {
            **resource_config(settings, self.stages),
            "loggers": {"console": {"config": {"log_level": self.log_level}}},
        }


@dataclass(frozen=True)
class BatchRun:
    """A batch that was run: the conversion, with what servers had for that run, and what became of it."""

    conversion: Conversion
    documents: list[DocumentRef]
    records: list[StageRecord]


@dataclass(frozen=True)
class Summary:
    """What became of the documents; `run_seconds` is the part of `seconds` that Dagster's runs took."""

    records: list[StageRecord]
    seconds: float
    run_seconds: float


def check_options(stages: Mapping[str, Any]) -> None:
    """Raise `BackendConfigError` for an option of a stage, or a choice, that does not exist."""
    for name, chosen in stages.items():
        option = STAGE_OPTIONS.get(name)
        if option is None:
            raise BackendConfigError(f"there is no option {name}")
        if option.choices and chosen not in option.choices:
            known = ", ".join(option.choices)
            raise BackendConfigError(f"{option.flag} {chosen!r} is unknown; choose from {known}")


def resource_config(settings: Mapping[str, Mapping[str, Any]], stages: Mapping[str, Any]) -> dict[str, Any]:
    """Settings by resource, and what the stages' options say, as a run is configured with them."""
    merged = {name: dict(each) for name, each in settings.items()}
    for name, chosen in stages.items():
        for resource, config in STAGE_OPTIONS[name].config(chosen).items():
            merged[resource] = merged.get(resource, {}) | _beside(resource, config)
    return {"resources": {name: {"config": config} for name, config in merged.items()}}


def convert_places(options: ConvertOptions) -> int:
    """Convert what the options name and print what became of it; returns the exit code."""
    console = Console(stderr=True)
    summary = convert_files(options, console)
    print_summary(console, summary.records, summary.seconds, options.out or options.place)
    return 0 if all(record.usable for record in summary.records) else 1


def convert_files(options: ConvertOptions, console: Console) -> Summary:
    """Make batches of the files, run the job on each, and say what became of every document.

    Raises `DocmillError` when nothing can be done at all: no file, a wrong option, a store out of reach.
    """
    options.check()
    started = time.monotonic()
    with _lent(options.password), open_instance() as instance:
        run_config = options.run_config()
        conversion = configured_conversion(run_config)
        with console.status("looking for PDFs and reading their content hashes"):
            documents = distinct_names(list(find_documents(options.places, conversion.sources)))
            limits = BatchLimits(documents=options.batch_size)
            manifests = list(make_batches(conversion.artifacts.store, documents, limits))
            open_ledger(conversion.artifacts.store).queue(manifests)
        if not documents:
            raise BackendConfigError(f"no PDF was found at {', '.join(options.places)}")
        _make_folder(options.place)
        with download_progress(console) as progress:
            conversion.prepare(progress)
        running = time.monotonic()
        runs = run_batches(instance, manifests, run_config, conversion, console)
        finished = time.monotonic()
        if options.debug_overlays:
            for run in runs:
                _write_overlays(run.conversion, run.documents, options.place)
    records = [record for run in runs for record in run.records]
    return Summary(records, finished - started, finished - running)


@contextmanager
def _lent(password: str) -> Iterator[None]:
    """The password in the environment, where a run looks for it: Dagster keeps the variable's name alone."""
    before = os.environ.get(_PASSWORD_VARIABLE)
    if password:
        os.environ[_PASSWORD_VARIABLE] = password
    try:
        yield
    finally:
        if before is not None:
            os.environ[_PASSWORD_VARIABLE] = before
        else:
            os.environ.pop(_PASSWORD_VARIABLE, None)


def configured_conversion(run_config: Mapping[str, Any]) -> Conversion:
    """The same conversion that a run will make of its configuration; of an empty one, the defaults'."""
    known = {name: resource for name, resource in (defs.resources or {}).items() if name != "progress"}
    with dg.build_resources(known, resource_config=run_config.get("resources", {})) as resources:
        return conversion_of({name: getattr(resources, name) for name in known})


def run_batches(
    instance: dg.DagsterInstance,
    manifests: Sequence[Manifest],
    run_config: dict[str, Any],
    conversion: Conversion,
    console: Console,
) -> list[BatchRun]:
    """Run the job in this process on one batch after the other; what became of each.

    Raises `BackendConfigError` with the reason when a run fails.
    """
    job = defs.resolve_job_def(CONVERT_DOCUMENTS)
    instance.add_dynamic_partitions(BATCHES, [manifest.key for manifest in manifests])
    runs: list[BatchRun] = []
    count = sum(len(manifest.documents) for manifest in manifests)
    with LiveProgress(console, len(conversion.stages), count) as progress:
        for manifest in manifests:
            result = job.execute_in_process(
                instance=instance,
                partition_key=manifest.key,
                run_config=run_config,
                resources={"progress": progress},
                raise_on_error=False,
                tags={"docmill/command": "convert", HOST_TAG: gethostname()},
            )
            if not result.success:
                why = _why(result)
                if why.endswith(INTERRUPTED):
                    raise KeyboardInterrupt
                raise BackendConfigError(why)
            ran = as_noted(conversion, instance, result.run_id)
            runs.append(BatchRun(ran, manifest.documents, ran.final_records(manifest.documents)))
    return runs


def _as_set(name: str) -> Any:
    """A resource as file and environment have it."""
    return in_force((defs.resources or {})[name])


def _beside(resource: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """Settings of a resource that was asked for; of a backend that is set anyway the other settings stay."""
    if "backend" not in config:
        return dict(config)
    [(kind, given)] = config["backend"].items()
    set_: dg.Config = _as_set(resource).backend
    kept = set_.model_dump(exclude={"kind"}) if getattr(set_, "kind", None) == kind else {}
    return {**config, "backend": {kind: {**kept, **given}}}


def _why(result: dg.ExecuteInProcessResult) -> str:
    for event in result.all_events:
        if event.is_step_failure:
            error = event.step_failure_data.error
            detail = event.step_failure_data.user_failure_data
            reason = detail.description if detail else error.message if error else ""
            return f"the step {event.step_key} failed: {(reason or '').strip()}"
    return "the run failed; `--log-level info` shows why"


def _write_overlays(conversion: Conversion, documents: Sequence[DocumentRef], out: str) -> None:
    target = DocumentStore(out)
    for document in documents:
        for record in conversion.records("layout", [document]):
            for _, page, image in conversion.overlays([(document, page) for page in record.pages]):
                target.write(f"{document.stem}.overlays/page-{page:04d}.jpg", image)


def _make_folder(out: str) -> None:
    """Fail now rather than when everything is converted."""
    if "://" in out:
        return
    try:
        Path(out).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BackendConfigError(f"cannot write results to {out}: {error.strerror}") from error


def _absolute(out: str) -> str:
    return out if "://" in out else str(Path(out).expanduser().resolve())
