"""Converts PDFs with a stock docling whose layout model is on a server; in the environment of `stock.py`.

    python convert.py HOST:PORT ARTIFACTS OUT PROCESSES PDF...

Each process has a converter of its own and every so many-th of the files, in the order given. OCR and tables
are off. docling's other settings are its defaults, but for pages a request, as in docs/stock-docling.md.
"""

from __future__ import annotations

import json
import multiprocessing
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "deploy" / "export"))

#: 16 are more than the 64 MiB that docling sends at once.
_PAGES_OF_A_REQUEST = 8


def convert(url: str, artifacts: str, out: str, files: list[str]) -> None:
    """Write the DoclingDocument of each file; raises for one that is not converted whole."""
    from torchvision_operators import declare_operators

    declare_operators()
    from docling.datamodel.base_models import ConversionStatus, InputFormat
    from docling.datamodel.object_detection_engine_options import ApiKserveV2ObjectDetectionEngineOptions
    from docling.datamodel.pipeline_options import LayoutObjectDetectionOptions, PdfPipelineOptions
    from docling.document_converter import DocumentConverter, PdfFormatOption

    options = PdfPipelineOptions(
        enable_remote_services=True,
        artifacts_path=Path(artifacts),
        do_ocr=False,
        do_table_structure=False,
        layout_options=LayoutObjectDetectionOptions(
            engine_options=ApiKserveV2ObjectDetectionEngineOptions(url=url, transport="grpc", timeout=600)
        ),
        layout_batch_size=_PAGES_OF_A_REQUEST,
    )
    converter = DocumentConverter(format_options={InputFormat.PDF: PdfFormatOption(pipeline_options=options)})
    for result in converter.convert_all(files):
        if result.status is not ConversionStatus.SUCCESS:
            raise RuntimeError(f"{result.input.file}: {result.status}")
        document = json.dumps(result.document.export_to_dict(), ensure_ascii=False)
        Path(out, f"{result.input.file.stem}.json").write_text(document, "utf-8")


def main() -> None:
    """The command."""
    url, artifacts, out, processes = sys.argv[1:5]
    count, files = int(processes), sys.argv[5:]
    Path(out).mkdir(parents=True, exist_ok=True)
    context = multiprocessing.get_context("spawn")
    shares = [share for number in range(count) if (share := files[number::count])]
    started = [context.Process(target=convert, args=(url, artifacts, out, share)) for share in shares]
    for process in started:
        process.start()
    for process in started:
        process.join()
    sys.exit(any(process.exitcode for process in started))


if __name__ == "__main__":
    main()
