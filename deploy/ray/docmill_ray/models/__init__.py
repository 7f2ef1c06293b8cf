"""A model of a repository on Ray Serve: its own code, its requests joined, and its counts."""
