"""How fast, with how much CPU and memory."""
