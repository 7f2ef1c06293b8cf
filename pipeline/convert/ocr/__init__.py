"""OCR with PP-OCRv6: text detection and recognition on ONNX graphs, with numpy and OpenCV around them.

All but `page` import each other relatively: the served model `ocr` has them under another name.
"""

from docmill.pipeline.convert.ocr.image import UNKNOWN_SCRIPT, ImageText, read_image
from docmill.pipeline.convert.ocr.page import Render, ocr_page, read_page
from docmill.pipeline.convert.ocr.read import OcrModels, TextLine, TextWord, read_text
from docmill.pipeline.convert.ocr.recognise import Characters, characters

__all__ = [
    "UNKNOWN_SCRIPT",
    "Characters",
    "ImageText",
    "OcrModels",
    "Render",
    "TextLine",
    "TextWord",
    "characters",
    "ocr_page",
    "read_image",
    "read_page",
    "read_text",
]
