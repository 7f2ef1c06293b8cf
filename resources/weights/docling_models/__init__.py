"""docling's layout and table models for Triton: fetched, made ONNX, held against the reference, installed."""
