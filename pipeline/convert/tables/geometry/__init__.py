"""Tables from rulings, white space and words alone."""
