"""Pure document code: from PDF bytes to a DoclingDocument. Imports no Dagster and talks to no server."""

import os

# docling imports transformers, which warns that there is no PyTorch: there is none to be missed
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
