"""What `python -m benchmarks.conformance.accuracy` measures: a module each, which defines it.

Every metric compares two DoclingDocuments of the same PDF: the truth and a prediction.
"""
