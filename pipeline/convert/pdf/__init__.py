"""PDF pages as PDFium reads them: text, drawings, annotations, pictures."""
