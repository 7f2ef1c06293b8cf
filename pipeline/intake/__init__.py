"""From files to batches: what is found, grouped, asked for, and overdue."""
