"""The whole of docmill, with its models embedded, on a Triton and on a Ray Serve: pages, CPU and cost."""
