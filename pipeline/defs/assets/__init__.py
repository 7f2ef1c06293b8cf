"""The asset graph: one thin module per asset."""
