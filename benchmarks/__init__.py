"""Measurements: each module is a command that prints a table and writes JSON."""

import os

from docmill.resources.quiet import QUIET

# docling imports transformers, which warns that there is no PyTorch: there is none to be missed
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
# what is imported beside docmill stays for itself, as docmill does
os.environ.update(QUIET)
