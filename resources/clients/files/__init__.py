"""Files, wherever they lie: the store, source files, and listings of places too large to list at once."""
