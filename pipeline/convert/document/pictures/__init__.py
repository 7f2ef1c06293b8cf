"""Pictures beside a document: what they are called, and how it refers to them."""
