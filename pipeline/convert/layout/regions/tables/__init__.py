"""Tables: ruled, open, beside each other and stacked, and what only looks like one."""
