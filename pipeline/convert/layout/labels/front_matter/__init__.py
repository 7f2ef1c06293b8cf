"""What stands between a title and the text."""
