"""This checkout beside another commit of it, each through its own command line.

`python -m benchmarks.equality` compares the documents they make, `python -m benchmarks.commits` their cost.
"""
