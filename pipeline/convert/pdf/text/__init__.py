"""Glyphs to words and lines."""
