"""ONNX graphs rewritten, and read."""
