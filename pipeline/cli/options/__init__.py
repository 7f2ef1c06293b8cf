"""Options that several commands have, or that stages bring."""
