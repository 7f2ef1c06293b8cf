"""A Triton server on this machine, without a container: its environment, models, process and proof."""
