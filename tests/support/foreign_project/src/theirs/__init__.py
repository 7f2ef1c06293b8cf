"""A Dagster project that has things of its own, some of which are called as docmill's are."""
