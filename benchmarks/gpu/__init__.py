"""What docling's layout and table architectures do on a GPU."""
