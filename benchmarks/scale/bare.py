"""The stages without Dagster, in a process of their own: `python -m benchmarks.scale.bare FILE`.

The file holds a pickled `Conversion` and lists of documents. They are converted list by list, and the CPU
seconds of each are printed as JSON: this process's, its fork server's and its workers'. The first list warms
up.
"""

from __future__ import annotations

import json
import logging
import pickle
import sys
from pathlib import Path

from benchmarks.measuring.processes import cpu_seconds
from docmill.pipeline.instance.reporting.progress import LogProgress
from docmill.pipeline.intake.batches import DocumentRef
from docmill.pipeline.stages.conversion import Conversion

__all__ = ["main"]


def main() -> int:
    """Convert, and print the CPU seconds of each list of documents."""
    conversion, lists = pickle.loads(Path(sys.argv[1]).read_bytes())
    print(json.dumps([_convert(conversion, documents) for documents in lists]))
    return 0


def _convert(conversion: Conversion, documents: list[DocumentRef]) -> float:
    before = cpu_seconds()
    for stage in conversion.stages:
        conversion.run(stage, documents, LogProgress(logging.getLogger(__name__)))
    return cpu_seconds() - before


if __name__ == "__main__":
    sys.exit(main())
