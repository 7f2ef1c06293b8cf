"""Whether documents are the same bytes whatever happens beside their conversion."""
