"""Job `convert_files`: what `docmill convert` does for files, from the launchpad of Dagster's UI."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg
from pydantic import Field, ValidationError

from docmill.pipeline.convert.errors import BackendConfigError, BackendUnavailableError, DocmillError
from docmill.pipeline.corpus.ledger.ledger import open_ledger
from docmill.pipeline.defs.names import Names
from docmill.pipeline.defs.resources import taking
from docmill.pipeline.instance.runs.asking import BY_TAG, USER_TAG
from docmill.pipeline.instance.runs.lanes import Lane, lane_tags
from docmill.pipeline.intake.batches import BatchLimits
from docmill.pipeline.intake.ingest import distinct_names, find_documents, make_batches
from docmill.pipeline.intake.requests import write_request
from docmill.resources.inbox import Inbox
from docmill.resources.store import Store

__all__ = ["CONVERT_FILES", "Files", "convert_files"]

CONVERT_FILES = "convert_files"
#: Batches that are named.
_NAMED = 20


class Files(dg.Config):
    """The files to convert, and how soon."""

    addresses: list[str] = Field(
        min_length=1,
        description="PDFs, or folders of PDFs: paths on the machine that runs this, or s3://bucket/prefix",
    )
    lane: Lane = Field(
        default="interactive", description="What goes before what: interactive, then inbox, then backfill"
    )


def convert_files(names: Names, executor: dg.ExecutorDefinition | None = None) -> dg.JobDefinition:
    """The job of that name; with `executor`, or the code location's."""

    @dg.op(
        name=names.of("find_files"),
        description="Finds the PDFs at the addresses, makes batches of them and asks for their runs. The "
        "sensor requested_batches launches these; they convert as the settings say.",
        config_schema=Files.to_config_schema().as_field(),
        out=dg.Out(dg.Nothing),
    )
    @taking({"store": Store, "inbox": Inbox}, names.resource_prefix)
    def find_files(context: dg.OpExecutionContext, resources: Mapping[str, Any]) -> None:
        try:
            _ask(context, Files(**context.op_config), resources["store"], resources["inbox"])
        except ValidationError as error:
            raise dg.Failure(description=error.errors()[0]["msg"], allow_retries=False) from error
        except BackendUnavailableError as error:
            raise dg.Failure(description=str(error)) from error
        except DocmillError as error:
            raise dg.Failure(description=str(error), allow_retries=False) from error

    @dg.job(
        name=names.of(CONVERT_FILES),
        description="Converts PDFs that you name: files, folders, s3://bucket/prefix.",
        tags=lane_tags("interactive"),
        executor_def=executor,
    )
    def job() -> None:
        find_files()

    return job


def _ask(context: dg.OpExecutionContext, files: Files, opened: Store, inbox: Inbox) -> None:
    store = opened.open()
    documents = distinct_names(list(find_documents(files.addresses, opened.sources())))
    if not documents:
        raise BackendConfigError(f"no PDF was found at {', '.join(files.addresses)}")
    limits = BatchLimits(inbox.batch_documents, inbox.batch_mb << 20)
    manifests = list(make_batches(store, documents, limits))
    open_ledger(store).queue(manifests, again=True)
    by = context.run.tags.get(BY_TAG) or context.run.tags.get(USER_TAG, "")
    request = write_request(store, [each.key for each in manifests], files.lane, CONVERT_FILES, by=by)
    context.log.info(
        f"{len(documents)} documents in {len(manifests)} batches were asked for; their runs have the tag "
        f"docmill/request={request.id}"
    )
    context.add_output_metadata(
        {
            "documents": len(documents),
            "batches": ", ".join(each.key for each in manifests[:_NAMED]),
            "request": request.id,
        }
    )
