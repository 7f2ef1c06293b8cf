"""`docmill triton` and `docmill vllm`: servers on this machine."""
