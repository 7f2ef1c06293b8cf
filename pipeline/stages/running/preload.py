"""Imports everything that workers need, so that the fork server pays for it once."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

from docmill.pipeline.stages.registry import STAGES
from docmill.pipeline.stages.running.loading import put_off, uncollected

__all__ = ["overlays", "pool", "worker"]

#: What engines and packages import when they are first used: every worker would anew.
_AT_FIRST_USE = (
    "docmill.pipeline.convert.fused",
    "docmill.pipeline.convert.ocr.page",
    "docling_core.transforms.serializer.html",
    "encodings.utf_16_le",
    "encodings.utf_32_le",
    "fsspec.implementations.chained",
    "multiprocessing.popen_forkserver",
    "numpy.ma",
    "resource",
)


@contextmanager
def _hidden(package: str) -> Iterator[None]:
    """As if a package that others import where they find it were not installed."""
    if package in sys.modules:
        yield
        return
    sys.modules[package] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[package]


# who imports transformers after all, for chunks, is not to hear that there is no PyTorch: it is not missed
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")

# A worker's garbage collections do not visit what is imported: that would copy pages that workers share. And
# docling's options want a class of it for an annotation, and have another one where it is missing: 0.6 CPU
# seconds of every run's. docling-core wants pandas for an annotation and for data frames, which nobody here
# asks for: another 0.2
with uncollected(), _hidden("transformers"), put_off("pandas"):
    from PIL import Image

    from docmill.pipeline.stages.running import overlays, pool, worker
    from docmill.resources.engines.onnx_runtime import import_runtime

    for _stage in STAGES:
        import_module(_stage.work.partition(":")[0])

    for _name in _AT_FIRST_USE:
        import_module(_name)
    import_runtime()
    Image.preinit()  # what it reads and writes

# Hostile files have these by the thousand, and none of them is for whoever converts: docling clips boxes that
# reach over the edge of a page, and PDFium has no XFA.
warnings.filterwarnings("ignore", message="Provenance bbox", category=UserWarning)
logging.getLogger("pypdfium2").setLevel(logging.ERROR)
