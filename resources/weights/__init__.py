"""Models' weights: where they come from, pinned and checked, and what is made of them."""
