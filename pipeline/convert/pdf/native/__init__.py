"""Pages read by a small library in C, where it was compiled; elsewhere PDFium is called from Python."""
