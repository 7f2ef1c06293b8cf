"""docmill beside a stock docling, which asks the same Triton server."""
