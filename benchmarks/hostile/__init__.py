"""A generated corpus of malformed PDFs, and what becomes of them: `python -m benchmarks.hostile`."""
