"""What runs: pure document code in `convert`, thin Dagster assets around it, and the command line."""
