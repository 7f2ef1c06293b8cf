"""Source asset `inbox`: the place where lineage begins."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from docmill.pipeline.convert.errors import DocmillError
from docmill.pipeline.defs.labels import OWNERS, asset_tags
from docmill.pipeline.defs.names import Names
from docmill.pipeline.defs.resources import taking
from docmill.pipeline.intake.inbox import Look
from docmill.pipeline.intake.inbox_view import view_inbox
from docmill.resources.inbox import Inbox

__all__ = ["INBOX", "NO_INBOX", "inbox_asset", "seen_by_sensor"]

#: The asset's name.
INBOX = "inbox"
NO_INBOX = "there is no inbox: set $DOCMILL_INBOX, or `url` of the resource `inbox`"


def inbox_asset(names: Names, inbox: Inbox, owners: Sequence[str] = OWNERS) -> dg.AssetsDefinition:
    """The inbox as an asset that is observed and not made.

    `inbox` is the definitions' resource: its place decides the asset's kind. Observations have no data
    version. A batch is made of bytes that its manifest names by their hash, so no file that comes later
    changes what became of it; with a version of the whole inbox Dagster would show every batch ever converted
    as stale whenever a file arrives. What an observation saw is in its metadata, `view` for comparison.
    """
    key = names.key(INBOX)
    spec = dg.AssetSpec(
        key,
        group_name=names.of("intake"),
        owners=owners,
        tags=asset_tags("file", "step"),
        kinds={"pdf", _kind(inbox.place)} if inbox.place else {"pdf"},
        description="Where new PDFs appear. The sensor says what it found whenever that is something new; to "
        "observe it is to list it, within the limits of a tick, and takes nothing from the sensor.",
    )

    def observe(context: dg.AssetExecutionContext, resources: Mapping[str, Any]) -> dg.ObserveResult:
        found: Inbox = resources["inbox"]
        if not found.place:
            return dg.ObserveResult(key, metadata={"files": 0.0, "note": NO_INBOX})
        try:
            view = view_inbox(found.listing(), found.keys_per_tick, found.tick_seconds)
        except DocmillError as error:
            raise dg.Failure(description=str(error), allow_retries=False) from error
        context.log.info(f"{view.files} files at {found.place}{'' if view.whole else ', and more'}")
        newest = {"newest": dg.MetadataValue.timestamp(view.newest)} if view.newest else {}
        numbers = {"files": view.files, "pdfs": view.pdfs, "megabytes": view.size / 1e6}
        metadata = {name: float(number) for name, number in numbers.items()} | newest
        return dg.ObserveResult(
            key,
            metadata={
                "place": dg.MetadataValue.path(found.place),
                **metadata,
                "whole": view.whole,
                "view": view.digest,
            },
        )

    with warnings.catch_warnings():
        # the only one whose assets have owners and kinds; Dagster is pinned exactly
        warnings.simplefilter("ignore", dg.BetaWarning)
        decorate = dg.multi_observable_source_asset(specs=[spec], name=names.of("observe_inbox"))
    made: dg.AssetsDefinition = decorate(taking({"inbox": Inbox}, names.resource_prefix)(observe))
    return made


def seen_by_sensor(look: Look, place: str, key: dg.AssetKey) -> list[dg.AssetObservation]:
    """What a look of the sensor observed of the inbox `key`; nothing when it found nothing new.

    A sensor looks thousands of times a day, and each observation stays in Dagster's database.
    """
    if not (look.identified or look.batches or look.left_out):
        return []
    numbers = {
        "files_listed": look.listed,
        "files_new": look.identified,
        "files_left_out": len(look.left_out),
        "batches": len(look.batches),
        "documents": sum(len(manifest.documents) for manifest in look.batches),
        "documents_waiting": len(look.cursor.waiting),
    }
    metadata = {name: float(number) for name, number in numbers.items()}
    return [
        dg.AssetObservation(
            key, metadata={"place": dg.MetadataValue.path(place), **metadata, "whole": look.swept}
        )
    ]


def _kind(place: str) -> str:
    """What Dagster's UI marks the asset with: `folder`, or the protocol, as `s3`."""
    return place.partition("://")[0] if "://" in place else "folder"
