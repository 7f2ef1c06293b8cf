"""What each block of text is."""
