"""What docmill tells Prometheus: counters from Dagster's event log, and how things stand now."""
