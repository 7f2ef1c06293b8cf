"""Whether docling's own model outputs give docling's own documents: cases, conversion, comparison, floors."""
