"""A document's pages to look at: pictures, regions, text, and what each took."""
