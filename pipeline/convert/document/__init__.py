"""Pages to one DoclingDocument, and what it is written as."""
