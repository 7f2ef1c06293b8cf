"""A Ray Serve server on this machine: its environment, its command and its process. For tests and trials."""
