"""What a document's stages take, and what becomes of it."""

from __future__ import annotations

from docmill.pipeline.instance.dashboards.expressions import Growth, Metric, Quantile, Ratio
from docmill.pipeline.instance.dashboards.panels import Dashboard, Panel, Row, a_page, one

__all__ = ["DOCUMENTS"]

_READ = (("fate", "read"),)


def _takes(share: float) -> Quantile:
    return Quantile(share, Metric("docmill_stage_duration_seconds_bucket"), "1h", ("stage",))


DOCUMENTS = Dashboard(
    "docmill-documents",
    "docmill: a document's life",
    (
        Row(
            "Stages",
            (
                Panel(
                    "A batch takes, median",
                    one(
                        _takes(0.5),
                        "{{stage}}",
                    ),
                    "s",
                ),
                Panel(
                    "A batch takes, 95th percentile",
                    one(
                        _takes(0.95),
                        "{{stage}}",
                    ),
                    "s",
                ),
                Panel(
                    "Worker seconds a page",
                    one(
                        a_page("docmill_worker_seconds", "stage"),
                        "{{stage}}",
                    ),
                    "s",
                ),
                Panel(
                    "CPU seconds a page",
                    one(
                        a_page("docmill_cpu_seconds", "stage"),
                        "{{stage}}",
                    ),
                    "s",
                ),
            ),
        ),
        Row(
            "What becomes of them",
            (
                Panel(
                    "Documents of an hour, by stage and outcome",
                    one(
                        Growth(
                            Metric("docmill_stage_documents_total", but=(("outcome", "converted"),)),
                            "1h",
                            ("stage", "outcome"),
                            a_second=False,
                            grown=True,
                        ),
                        "{{stage}} {{outcome}}",
                    ),
                ),
                Panel(
                    "Letters and digits",
                    one(
                        Ratio(
                            Growth(Metric("docmill_characters_total", but=_READ), "1h", ("fate",)),
                            Growth(Metric("docmill_characters_total", where=_READ), "1h"),
                            only=True,
                        ),
                        "{{fate}}",
                    ),
                    "percentunit",
                    "Of what was read, what is not in the document's body, and why.",
                ),
            ),
        ),
    ),
)
