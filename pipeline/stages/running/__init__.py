"""How a stage runs: chunks of pages in killable worker processes."""
