"""Processes that are measured: their environment, their CPU time and memory."""
