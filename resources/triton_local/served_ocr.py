"""What the served model `ocr` needs beside its code: docmill's own OCR modules, and the alphabet."""

from __future__ import annotations

from pathlib import Path

import onnx

import pipeline.convert
from resources.triton_local.copies import copy_changed, write_changed

__all__ = ["OCR", "install_ocr"]

#: The model's name.
OCR = "ocr"
#: The name of the package beside the model's code. Not the modules' own, which the server's Python could find
#: in the folder that it was started in, with packages that it lacks.
_PACKAGE = "docmill_ocr"
#: All that `pipeline.convert.ocr.image` imports, and the languages: they need NumPy and OpenCV alone.
_MODULES = ("crops", "detect", "image", "languages", "orientation", "read", "recognise", "words")


def install_ocr(version: Path, recogniser: Path) -> None:
    """Put the modules and the alphabet of the ONNX graph `recogniser` into a version of the model."""
    source = Path(pipeline.convert.__file__).parent / "ocr"
    for module in _MODULES:
        copy_changed(source / f"{module}.py", version / _PACKAGE / f"{module}.py")
    write_changed(b"", version / _PACKAGE / "__init__.py")
    write_changed(_alphabet(recogniser).encode(), version / "characters.txt")


def _alphabet(recogniser: Path) -> str:
    """As the graph's metadata has it: a character a line."""
    entries = onnx.load(recogniser, load_external_data=False).metadata_props
    return next(str(entry.value) for entry in entries if entry.key == "character")
