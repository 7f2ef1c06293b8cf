"""Servers on this machine, each in an environment of its own."""
