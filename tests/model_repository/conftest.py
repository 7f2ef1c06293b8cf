"""Puts the code that Triton's Python backend runs on the path: setup puts what is shared beside it."""

import sys
from pathlib import Path

_SHIPPED = Path(__file__).parents[2] / "model_repository"
sys.path[:0] = [str(_SHIPPED / "tableformer" / "1"), str(_SHIPPED / "shared")]
