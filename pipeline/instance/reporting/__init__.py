"""What runs tell Dagster, and so people: numbers, tables, pictures, progress, and why a step failed."""
