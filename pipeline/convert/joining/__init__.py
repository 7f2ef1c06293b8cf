"""Lines joined to text."""
