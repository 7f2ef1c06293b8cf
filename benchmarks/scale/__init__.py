"""What docmill costs beyond the work on documents; `python -m benchmarks.orchestration` runs it."""
