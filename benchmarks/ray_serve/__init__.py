"""Ray Serve beside Triton: requests, scaling, and what is killed. `__main__` is the command."""
