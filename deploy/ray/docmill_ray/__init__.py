"""Models of a Triton model repository on Ray Serve, behind the KServe v2 protocol.

`application` says what runs: a `Model` for each model, and a `Door` that clients talk to. `__main__` runs it
on a Ray of its own.
"""
