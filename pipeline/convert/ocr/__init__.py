"""OCR with PP-OCRv6: text detection and recognition on ONNX graphs, with numpy and OpenCV around them.

All but `page` import each other relatively: the served model `ocr` has them under another name.
"""
