"""Builds a TensorRT engine of a layout model, and lets it into a model repository when it passes the gate."""
