"""What the served model `ocr` needs beside its code: docmill's own OCR modules, and the alphabet."""

from __future__ import annotations

from pathlib import Path

import docmill.pipeline.convert
from docmill.resources.weights.copies import copy_changed, write_changed
from docmill.resources.weights.onnx_graphs.ocr_alphabet import read_alphabet

__all__ = ["OCR", "install_ocr"]

#: The model's name.
OCR = "ocr"
#: The name of the package beside the model's code. Not the modules' own, which the server's Python could find
#: in the folder that it was started in, with packages that it lacks.
_PACKAGE = "docmill_ocr"
#: All that `docmill.pipeline.convert.ocr.image` imports, and the languages: they need NumPy and OpenCV alone.
_MODULES = (
    "bullets",
    "crops",
    "detect",
    "image",
    "languages",
    "line_words",
    "orientation",
    "read",
    "recognise",
)


def install_ocr(version: Path, recogniser: Path) -> None:
    """Put the modules and the alphabet of the ONNX graph `recogniser` into a version of the model."""
    source = Path(docmill.pipeline.convert.__file__).parent / "ocr"
    for module in _MODULES:
        copy_changed(source / f"{module}.py", version / _PACKAGE / f"{module}.py")
    write_changed(b"", version / _PACKAGE / "__init__.py")
    write_changed(read_alphabet(recogniser).encode(), version / "characters.txt")
