"""Asset `corpus_report`: every document that the ledger knows, as a table and a page."""

import dagster as dg

from docmill.pipeline.corpus.ledger.ledger import open_ledger
from docmill.pipeline.corpus.report import markdown_report, write_report

__all__ = ["corpus_report"]


@dg.asset(
    deps=["exports"],
    group_name="report",
    kinds={"parquet"},
    required_resource_keys={"store", "pricing"},
)
def corpus_report(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    """Documents by state and reason, pages, worker and GPU hours, cost; and a Parquet table of them all."""
    store, price = context.resources.store.open(), context.resources.pricing.price()
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
            **numbers,
        }
    )
