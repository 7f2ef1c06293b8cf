"""Names and shapes of the tensors of TableFormer's variants, as JSON on standard output.

python table_tensors.py

Needs the environment of the exporters.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "model_repository" / "tableformer" / "1"))

from table_decoding.architecture import VARIANTS, TableModel

if __name__ == "__main__":
    tensors = {
        name: {key: list(value.shape) for key, value in TableModel(variant).state_dict().items()}
        for name, variant in VARIANTS.items()
    }
    print(json.dumps(tensors))
