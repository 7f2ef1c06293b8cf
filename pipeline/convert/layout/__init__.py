"""Layout: from a page's text geometry and a detector's boxes to docling's layout regions."""
