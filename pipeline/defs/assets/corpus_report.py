"""Asset `corpus_report`: every document that the ledger knows, as a table and a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from docmill.pipeline.corpus.ledger.ledger import open_ledger
from docmill.pipeline.corpus.report import markdown_report, write_report
from docmill.pipeline.defs.labels import OWNERS, asset_tags
from docmill.pipeline.defs.names import Names
from docmill.pipeline.defs.resources import taking
from docmill.resources.settings.pricing import Pricing
from docmill.resources.store import Store

__all__ = ["corpus_report"]


def corpus_report(names: Names, needs: str, owners: Sequence[str] = OWNERS) -> dg.AssetsDefinition:
    """The asset, which follows the asset of the stage `needs`."""

    @dg.asset(
        key=names.key("corpus_report"),
        deps=[names.key(needs)],
        group_name=names.of("report"),
        owners=owners,
        tags=asset_tags("corpus", "step"),
        kinds={"parquet"},
    )
    @taking({"store": Store, "pricing": Pricing}, names.resource_prefix)
    def report(
        _context: dg.AssetExecutionContext, resources: Mapping[str, Any]
    ) -> dg.MaterializeResult[None]:
        """Documents by state and reason, pages, worker and GPU hours, cost; a Parquet table of them all."""
        store, price = resources["store"].open(), resources["pricing"].price()
        totals, table, page = write_report(store, open_ledger(store), price)
        numbers = {f"documents/{state}": float(count) for state, count in totals.states.items()}
        return dg.MaterializeResult(
            metadata={
                "report": dg.MetadataValue.md(markdown_report(totals, price)),
                "table": dg.MetadataValue.path(table),
                "page": dg.MetadataValue.path(page),
                "documents": float(totals.documents),
                "pages": float(totals.pages),
                "gpu_hours": totals.gpu_hours,
                "gpu_seconds": totals.gpu_hours * 3600.0,
                "gpu_seconds_per_page": totals.gpu_seconds_per_page,
                "cpu_seconds": float(totals.cpu_seconds),
                **({"cost": price.of(totals.device_seconds, totals.cpu_seconds)} if price else {}),
                **{f"gpu_seconds/{model}": spent for model, spent in totals.device_seconds.items()},
                **numbers,
            }
        )

    return report
