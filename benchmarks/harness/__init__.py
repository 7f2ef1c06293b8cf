"""One harness for all benchmarks: results of one form, the report, and the figures that pages state."""
