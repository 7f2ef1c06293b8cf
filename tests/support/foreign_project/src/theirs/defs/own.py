"""An asset `documents`, a resource `store`, jobs, a sensor and an executor."""

from __future__ import annotations

import dagster as dg


class Shop(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Their store."""

    name: str = "corner"


@dg.asset(group_name="convert")
def documents(store: Shop) -> str:
    """Their documents."""
    return store.name


@dg.op
def count() -> int:
    """Nothing of ours."""
    return 1


@dg.job
def convert_documents() -> None:
    """Their job."""
    count()


@dg.sensor(job=convert_documents)
def new_pdfs() -> dg.SkipReason:
    """Their sensor."""
    return dg.SkipReason("nothing new")


defs = dg.Definitions(
    assets=[documents],
    jobs=[convert_documents],
    sensors=[new_pdfs],
    resources={"store": Shop()},
    executor=dg.in_process_executor.configured({}, name="their_executor"),
)
