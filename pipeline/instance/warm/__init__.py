"""Runs that start from a process which has everything imported."""
