"""What docmill made of a document, beside what its setter was given."""
