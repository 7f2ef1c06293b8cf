"""OCR with PP-OCRv6: text detection and recognition on ONNX graphs, with numpy and OpenCV around them."""

from pipeline.convert.ocr.page import UNKNOWN_SCRIPT, Render, ocr_page
from pipeline.convert.ocr.read import OcrModels, TextLine, TextWord, read_text
from pipeline.convert.ocr.recognise import Characters, characters

__all__ = [
    "UNKNOWN_SCRIPT",
    "Characters",
    "OcrModels",
    "Render",
    "TextLine",
    "TextWord",
    "characters",
    "ocr_page",
    "read_text",
]
