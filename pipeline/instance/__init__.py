"""docmill on a Dagster instance: how runs start, wait, are tried again, and what they tell."""
