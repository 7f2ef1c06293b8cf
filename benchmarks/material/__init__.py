"""What is converted while something is measured."""
