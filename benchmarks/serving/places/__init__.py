"""Where a Triton server for a benchmark can come from."""
