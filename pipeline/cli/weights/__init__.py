"""Commands about model weights."""
