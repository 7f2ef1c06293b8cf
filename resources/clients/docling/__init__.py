"""docmill's servers as engines of a stock docling."""
