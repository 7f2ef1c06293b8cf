"""What Dagster loads: assets, checks, jobs, partitions, schedules, sensors and the one `Definitions`."""
