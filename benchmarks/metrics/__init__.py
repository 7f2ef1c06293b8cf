"""What `python -m benchmarks.accuracy` measures: each metric in its own module, defined in its docstring.

Every metric compares two DoclingDocuments of the same PDF: the truth and a prediction.
"""
