"""Parts of `benchmarks.triton`: what a server makes of requests, beside the same graph in this process."""
