"""The whole of docmill beside a GPU: `docmill convert` on a server with docling's architectures."""
