"""The commands: their options and what `--help` teaches."""
