"""What becomes of other people's PDFs, held against the right answers: `python -m benchmarks.quality`."""
