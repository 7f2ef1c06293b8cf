"""Text that a page shows and its text layer has not, or has wrongly: what OCR must read."""
