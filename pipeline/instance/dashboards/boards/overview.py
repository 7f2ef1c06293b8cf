"""What waits, works and comes out, and how Dagster does."""

from __future__ import annotations

from docmill.pipeline.instance.dashboards.expressions import Age, Growth, Latest, Metric, Named, Ratio
from docmill.pipeline.instance.dashboards.panels import Dashboard, Panel, Query, Row, one

__all__ = ["OVERVIEW"]

_DOCUMENTS = Metric("docmill_documents_total")
_NOT_CONVERTED = Metric("docmill_documents_total", but=(("outcome", "converted"),))
_FAILED = Named(
    "docmill:documents_failed:ratio_rate1h",
    Ratio(
        Growth(Metric("docmill_documents_total", (("outcome", "failed"),)), "1h"), Growth(_DOCUMENTS, "1h")
    ),
)

OVERVIEW = Dashboard(
    "docmill-overview",
    "docmill: overview",
    (
        Row(
            "Now",
            (
                Panel(
                    "Pages a second",
                    one(Named("docmill:pages:rate5m", Growth(Metric("docmill_pages_total"), "5m")), "pages"),
                    "ops",
                    last=True,
                ),
                Panel(
                    "Documents that wait",
                    one(Latest(Metric("docmill_ledger_documents", (("state", "queued"),))), "documents"),
                    last=True,
                ),
                Panel("Pages that wait", one(Latest(Metric("docmill_waiting_pages")), "pages"), last=True),
                Panel(
                    "Failed, last hour",
                    one(_FAILED, "share"),
                    "percentunit",
                    last=True,
                ),
                Panel("Runs that are stuck", one(Latest(Metric("docmill_stuck_runs")), "runs"), last=True),
                Panel(
                    "Daemon, last sign",
                    one(Age(Metric("docmill_daemon_heartbeat_timestamp_seconds")), "ago"),
                    "s",
                    "Dagster's daemon; without it nothing is started.",
                    last=True,
                ),
            ),
        ),
        Row(
            "Work",
            (
                Panel(
                    "Pages a second, by outcome",
                    one(Growth(Metric("docmill_pages_total"), "5m", ("outcome",)), "{{outcome}}"),
                    "ops",
                ),
                Panel(
                    "Documents, by outcome",
                    one(Growth(_DOCUMENTS, "5m", ("outcome",), a_second=False), "{{outcome}}"),
                ),
                Panel(
                    "Why documents are not whole",
                    one(
                        Growth(_NOT_CONVERTED, "1h", ("reason",), a_second=False, grown=True),
                        "{{reason}}",
                    ),
                    help="Documents of an hour, by the first reason of each.",
                ),
                Panel(
                    "Found done already",
                    one(
                        Ratio(
                            Growth(Metric("docmill_stage_reused_total"), "1h", ("stage",)),
                            Growth(Metric("docmill_stage_documents_total"), "1h", ("stage",)),
                        ),
                        "{{stage}}",
                    ),
                    "percentunit",
                ),
            ),
        ),
        Row(
            "Queue",
            (
                Panel("Batches", one(Latest(Metric("docmill_batches"), ("state",)), "{{state}}")),
                Panel(
                    "Age of the oldest batch",
                    one(Age(Metric("docmill_oldest_batch_timestamp_seconds")), "{{state}}"),
                    "s",
                ),
                Panel("Files in no batch yet", one(Latest(Metric("docmill_inbox_files")), "{{waits}}")),
                Panel("Overdue batches", one(Latest(Metric("docmill_overdue_batches")), "{{why}}")),
                Panel("Backfills", one(Latest(Metric("docmill_backfill_batches")), "{{backfill}} {{state}}")),
                Panel("Documents by state", one(Latest(Metric("docmill_ledger_documents")), "{{state}}")),
            ),
        ),
        Row(
            "Dagster",
            (
                Panel(
                    "Runs that ended",
                    one(
                        Growth(Metric("docmill_runs_total"), "15m", ("status",), a_second=False), "{{status}}"
                    ),
                ),
                Panel(
                    "Sensors and schedules: failures in a row",
                    one(Latest(Metric("docmill_ticker_failures")), "{{ticker}}"),
                ),
                Panel(
                    "Sensors: since the last good tick",
                    one(
                        Age(Metric("docmill_ticker_good_timestamp_seconds", (("type", "sensor"),))),
                        "{{ticker}}",
                    ),
                    "s",
                ),
                Panel("Room that is left", one(Latest(Metric("docmill_free_bytes")), "{{of}}"), "bytes"),
                Panel(
                    "Database, logs and store",
                    (
                        Query(Latest(Metric("docmill_database_bytes")), "database"),
                        Query(Latest(Metric("docmill_run_log_bytes")), "logs of runs"),
                        Query(Latest(Metric("docmill_store_bytes")), "store"),
                    ),
                    "bytes",
                ),
                Panel(
                    "The exporter's own readings",
                    one(Latest(Metric("docmill_exporter_refresh_seconds")), "{{part}}"),
                    "s",
                ),
            ),
        ),
        Row(
            "PostgreSQL",
            (
                Panel(
                    "Connections",
                    (
                        Query("sum by (state) (pg_stat_activity_count) > 0", "{{state}}"),
                        Query("pg_settings_max_connections", "at most"),
                    ),
                    of="postgres",
                ),
                Panel("Databases", one("pg_database_size_bytes", "{{datname}}"), "bytes", of="postgres"),
            ),
        ),
    ),
)
