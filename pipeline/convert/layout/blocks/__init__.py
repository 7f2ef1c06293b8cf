"""Cells to rows, and rows to blocks."""
