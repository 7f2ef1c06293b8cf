"""Other converters at their defaults: `convert.py NAME`, in the environment that they are installed in.

Reads lines of a PDF and a Markdown file with a tab between from its standard input, and writes the file.
One that cannot be converted gets a file `.error` with the reason instead.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path


def main(name: str) -> None:
    """Convert what standard input names with the converter of that name."""
    convert = _CONVERTERS[name]()
    for line in sys.stdin.read().splitlines():
        pdf, target = map(Path, line.split("\t"))
        try:
            target.write_text(convert(pdf), encoding="utf-8", errors="replace")
        except Exception as error:  # noqa: BLE001  # whatever a converter raises is that document's end
            target.with_suffix(".error").write_text(f"{type(error).__name__}: {error}"[:500])


def _pymupdf4llm() -> Callable[[Path], str]:
    import pymupdf4llm

    return lambda pdf: str(pymupdf4llm.to_markdown(str(pdf)))


def _liteparse() -> Callable[[Path], str]:
    from liteparse import LiteParse

    # its OCR fetches a model on first use
    parser = LiteParse(output_format="markdown", ocr_enabled=False, quiet=True)
    return lambda pdf: str(parser.parse(str(pdf)).text)


def _pdf_inspector() -> Callable[[Path], str]:
    from pdf_inspector import process_pdf

    return lambda pdf: process_pdf(str(pdf)).markdown or ""


def _kreuzberg() -> Callable[[Path], str]:
    from kreuzberg import ExtractionConfig, OutputFormat, extract_file_sync

    config = ExtractionConfig(output_format=OutputFormat.MARKDOWN)
    return lambda pdf: str(extract_file_sync(str(pdf), config=config).content)


def _opendataloader() -> Callable[[Path], str]:
    from opendataloader_pdf import convert

    if shutil.which("java") is None:
        raise SystemExit("it needs Java, and there is no program java")

    def read(pdf: Path) -> str:
        with tempfile.TemporaryDirectory() as folder:
            convert(str(pdf), output_dir=folder, format="markdown", image_output="off", quiet=True)
            [made] = Path(folder).glob("*.md")
            return made.read_text(encoding="utf-8", errors="replace")

    return read


_CONVERTERS = {
    "pymupdf4llm": _pymupdf4llm,
    "liteparse": _liteparse,
    "pdf-inspector": _pdf_inspector,
    "kreuzberg": _kreuzberg,
    "opendataloader-pdf": _opendataloader,
}

if __name__ == "__main__":
    main(sys.argv[1])
