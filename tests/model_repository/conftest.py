"""Puts the code that Triton's Python backend runs on the path, as the backend does."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "model_repository" / "tableformer" / "1"))
