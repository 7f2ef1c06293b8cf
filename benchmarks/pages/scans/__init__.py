"""Scans of made pages: what is left of them when they were printed, laid on glass, and read by a machine."""
