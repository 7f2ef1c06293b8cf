"""TableFormer: docling's table model, its tags and boxes to a table as docling makes it."""
