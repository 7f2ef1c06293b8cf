"""Measurements: each module is a command that prints a table and writes JSON."""

import os

# docling imports transformers, which warns that there is no PyTorch: there is none to be missed
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
