"""A stage in several steps: each does some pages of a batch, and the last one joins what they left."""
